// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The engine with files and feeds that no graph computes.

#include <gtest/gtest.h>

#include <cmath>

#include "bundle_copy.h"
#include "engine/engine.h"
#include "ranker_rows.h"

namespace tensor_service {
namespace {

namespace fs = std::filesystem;

std::string refusal(const fs::path& model) {
  try {
    make_openvino_engines(model, {}, {1});
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "loaded";
}

std::string failure(Engine& engine, std::span<const TensorView> feeds) {
  try {
    engine.run(feeds);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "ran";
}

// Of a row of `ids` from which one is replaced.
std::vector<float> logits_with(Engine& engine, std::int64_t id, std::int64_t ids) {
  RankerRows batch({row(9, 1, ids)}, 9);
  batch.ids()[4] = id;
  return logits(engine, batch.feeds(engine));
}

class WithThreads : public ::testing::TestWithParam<int> {};

// OpenVINO 2025.3 with one thread returns OK and the scores of the run before.
TEST_P(WithThreads, AFailedRunThrowsAndLeavesNoTrace) {
  auto engine = engine_of(model_of("pairwise"), {.threads = GetParam()});
  const RankerRows good({row(8, 1), row(8, 2)}, 8);
  const RankerRows longer({row(9, 3), row(9, 4)}, 9);
  const auto expected = logits(*engine, good.feeds(*engine));
  for (int round = 0; round < 3; ++round) {
    auto mixed = good.feeds(*engine);
    mixed[0] = longer.feeds(*engine)[0];
    EXPECT_NE(failure(*engine, mixed).find("inference.predict.pdmodel: "), std::string::npos);
    EXPECT_EQ(logits(*engine, good.feeds(*engine)), expected);
  }
  // what the failed runs left behind is not run by the next engine of this thread
  engine.reset();
  engine = engine_of(model_of("pairwise"), {.threads = GetParam()});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(logits(*engine, good.feeds(*engine)), expected);
  }
}

TEST_P(WithThreads, SurvivesShapesThatFitNoGraph) {
  const auto engine = engine_of(model_of("pairwise"), {.threads = GetParam()});
  const RankerRows good({row(8, 1)}, 8);
  const auto expected = logits(*engine, good.feeds(*engine));
  for (const Shape& shape : {Shape{8}, Shape{1, 2, 4}, Shape{}, Shape{1, -8}}) {
    auto feeds = good.feeds(*engine);
    feeds[0].shape = feeds[1].shape = shape;
    EXPECT_NE(failure(*engine, feeds), "ran") << shape_text(shape);
    EXPECT_EQ(logits(*engine, good.feeds(*engine)), expected) << shape_text(shape);
  }
  for (const Shape& shape : {Shape{0, 8}, Shape{1, 0}}) {
    auto feeds = good.feeds(*engine);
    feeds[0].shape = feeds[1].shape = shape;
    const std::string text = failure(*engine, feeds);  // refused or empty, as the graph wants
    EXPECT_EQ(logits(*engine, good.feeds(*engine)), expected) << text;
  }
}

TEST(OpenVinoFailureTest, RefusesFeedsOfAnotherTypeOrNumber) {
  const auto engine = engine_of(model_of("pairwise"));
  const RankerRows good({row(8, 1)}, 8);
  auto feeds = good.feeds(*engine);
  feeds[1].type = ElemType::kFp32;
  EXPECT_NE(failure(*engine, feeds).find("the graph takes int64, not float32"), std::string::npos);
  feeds.pop_back();
  EXPECT_NE(failure(*engine, feeds).find("takes 2 inputs, not 1"), std::string::npos);
}

// Not refused, as Paddle does. OpenVINO computes with ids of 32 bits: 2025.3 reads one that has
// more as a row of zeros, like every other id beyond the vocabulary, 2026.4 drops its upper bits.
// Below 0 they count from the end.
TEST_P(WithThreads, IdsOutsideTheVocabularyReadNoForeignMemory) {
  const Bundle bundle = open_bundle(repository() / "tests/fixtures/bundles/0/pairwise");
  const std::int64_t ids = bundle.vocabulary->size;
  const auto engine = engine_of(bundle.model, {.threads = GetParam()});
  const auto with_id = [&](std::int64_t id) { return logits_with(*engine, id, ids); };
  const auto zeros = with_id(ids);
  EXPECT_TRUE(std::isfinite(zeros[0]));
  for (const std::int64_t id :
       {ids + 1, std::int64_t{1'000'000}, std::int64_t{1} << 31, -ids - 1}) {
    EXPECT_EQ(with_id(id), zeros) << id;
  }
  for (const std::int64_t id : {(std::int64_t{1} << 32) + 100, INT64_MAX, INT64_MIN}) {
    const auto read = with_id(id);
    EXPECT_TRUE(read == zeros || read == with_id(static_cast<std::int32_t>(id))) << id;
  }
  EXPECT_EQ(with_id(-1), with_id(ids - 1));
  EXPECT_NE(with_id(-1), zeros);
}

// An evidence layer computes places in its tables from the ids.
TEST_P(WithThreads, PlacesComputedFromIdsOutsideTheVocabularyReadNoForeignMemory) {
  const Bundle bundle = open_bundle(repository() / "serving_models/pairwise");
  const std::int64_t ids = bundle.vocabulary->size;
  const auto engine = engine_of(bundle.model, {.threads = GetParam()});
  const auto another = engine_of(bundle.model, {.threads = GetParam()});
  const auto good = logits_with(*engine, 1, kIds);
  for (const std::int64_t id :
       {ids, ids + 1, std::int64_t{1'000'000}, std::int64_t{1} << 31, std::int64_t{-1}, -ids - 1,
        (std::int64_t{1} << 32) + 100, INT64_MAX, INT64_MIN}) {
    const auto read = logits_with(*engine, id, kIds);
    EXPECT_TRUE(std::isfinite(read[0])) << id;
    EXPECT_EQ(logits_with(*another, id, kIds), read) << id;
    EXPECT_EQ(logits_with(*engine, 1, kIds), good) << id;
  }
}

INSTANTIATE_TEST_SUITE_P(OpenVinoFailureTest, WithThreads, ::testing::Values(1, 2));

TEST(OpenVinoFailureTest, RowsBeyondThePositionsReadNoForeignMemory) {
  const auto engine = engine_of(model_of("pairwise"));
  const auto at_limit = logits(*engine, RankerRows({row(512, 1)}, 512).feeds(*engine));
  for (const std::size_t tokens : {513, 600, 2000}) {
    const auto beyond = logits(*engine, RankerRows({row(tokens, 1)}, tokens).feeds(*engine));
    EXPECT_TRUE(std::isfinite(beyond[0])) << tokens;
  }
  EXPECT_EQ(logits(*engine, RankerRows({row(512, 1)}, 512).feeds(*engine)), at_limit);
}

TEST(OpenVinoFailureTest, DamagedFilesAreRefused) {
  const BundleCopy copy("pairwise");
  const fs::path model = copy.file("serving_server/inference.predict.pdmodel");
  const fs::path weights = copy.file("serving_server/inference.predict.pdiparams");
  const std::string good_model = read_file(model);
  const std::string good_weights = read_file(weights);
  const auto expect_refused = [&] {
    const std::string text = refusal(model);
    EXPECT_NE(text.find(model.string() + " with inference.predict.pdiparams: "), std::string::npos)
        << text;
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
  };
  for (const std::size_t size :
       {std::size_t{0}, good_weights.size() / 2, good_weights.size() - 1}) {
    write_file(weights, std::string_view(good_weights).substr(0, size));
    expect_refused();
  }
  fs::remove(weights);
  expect_refused();
  write_file(weights, good_weights);
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, good_model.size() / 2}) {
    write_file(model, std::string_view(good_model).substr(0, size));
    expect_refused();
  }
  write_file(model, replaced(good_model, "elementwise_add", "elementwise_axx"));
  expect_refused();
  fs::remove(model);
  expect_refused();
}

}  // namespace
}  // namespace tensor_service
