// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "bundle/golden.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "bundle/bundle.h"
#include "bundle_copy.h"

namespace tensor_service {
namespace {

std::unique_ptr<Engine> engine_of(const Bundle& bundle, Precision precision = Precision::kFp32) {
  return std::move(
      make_openvino_engines(bundle.model, {.precision = precision, .threads = 1}, 1).front());
}

std::string refusal(const Bundle& bundle, Engine& engine, Precision precision = Precision::kFp32) {
  try {
    check_golden(bundle, engine, precision);
  } catch (const BundleError& error) {
    return error.what();
  }
  return "passed";
}

void expect_words(const std::string& text, const std::string& words) {
  EXPECT_NE(text.find(words), std::string::npos) << text;
}

// An engine that returns what a test wrote down, and keeps what it was fed.
class ScriptedEngine : public Engine {
 public:
  explicit ScriptedEngine(std::vector<float> logits) : logits_(std::move(logits)) {}

  const std::vector<Port>& inputs() const override { return inputs_; }
  const std::vector<Port>& outputs() const override { return outputs_; }
  std::vector<TensorView> run(std::span<const TensorView> feeds) override {
    for (const TensorView& feed : feeds) {
      const auto* values = reinterpret_cast<const std::int64_t*>(feed.data);
      fed.emplace_back(values, values + feed.shape[0] * feed.shape[1]);
    }
    shape_ = {feeds[0].shape[0], 1};
    return {{ElemType::kFp32, shape_, nullptr},
            {ElemType::kFp32, shape_, reinterpret_cast<const std::byte*>(logits_.data())}};
  }

  std::vector<std::vector<std::int64_t>> fed;

 private:
  std::vector<Port> inputs_{{"token_type_ids", ElemType::kInt64, {-1, -1}},
                            {"input_ids", ElemType::kInt64, {-1, -1}}};
  std::vector<Port> outputs_{{"predict", ElemType::kFp32, {-1, 1}},
                             {"logits", ElemType::kFp32, {-1, 1}}};
  std::vector<float> logits_;
  Shape shape_;
};

// Two titles of one list; a logit of 0 is a score of 0.5.
constexpr const char* kTwoTitles =
    R"({"group": 0, "input_ids": [1, 9, 2], "token_type_ids": [0, 1, 1], "score": 0.5})"
    "\n"
    R"({"group": 0, "input_ids": [1, 2], "token_type_ids": [0, 1], "score": 0.515})"
    "\n";

class BothBundles : public ::testing::TestWithParam<const char*> {};

TEST_P(BothBundles, PassInFp32) {
  const Bundle bundle = open_bundle(repository() / "serving_models" / GetParam());
  const auto engine = engine_of(bundle);
  const auto difference = check_golden(bundle, *engine, Precision::kFp32);
  ASSERT_TRUE(difference.has_value());
  EXPECT_LE(*difference, 1e-5);
}

INSTANTIATE_TEST_SUITE_P(Golden, BothBundles, ::testing::Values("pairwise", "cross_encoder"));

TEST(GoldenTest, PairwisePassesInBf16) {
  if (!cpu_has_bf16()) {
    GTEST_SKIP() << "this CPU does not multiply bfloat16";
  }
  const Bundle bundle = open_bundle(repository() / "serving_models/pairwise");
  const auto engine = engine_of(bundle, Precision::kBf16);
  const auto difference = check_golden(bundle, *engine, Precision::kBf16);
  ASSERT_TRUE(difference.has_value());
  EXPECT_LE(*difference, 1e-2);
  // it computes in bf16 indeed, and fp32's tolerance notices
  EXPECT_NE(refusal(bundle, *engine, Precision::kFp32), "passed");
}

TEST(GoldenTest, AChangedScoreIsRefused) {
  const BundleCopy copy("pairwise");
  copy.edit_listed("golden.jsonl", "0.2026703655719757", "0.2027703655719757");
  const Bundle bundle = open_bundle(copy.root());
  const auto engine = engine_of(bundle);
  const std::string text = refusal(bundle, *engine);
  expect_words(text, copy.file("golden.jsonl").string() + ": list 0: the score of title 0");
  EXPECT_EQ(refusal(bundle, *engine, Precision::kBf16), "passed");
}

TEST(GoldenTest, NanIsRefused) {
  const BundleCopy copy("pairwise");
  copy.write_listed("golden.jsonl", kTwoTitles);
  const Bundle bundle = open_bundle(copy.root());
  ScriptedEngine nan({0.0F, std::numeric_limits<float>::quiet_NaN()});
  expect_words(refusal(bundle, nan, Precision::kBf16), "the score of title 1 is");
}

TEST(GoldenTest, FeedsByNameInOnePaddedBatch) {
  const BundleCopy copy("pairwise");
  copy.write_listed("golden.jsonl", kTwoTitles);
  const Bundle bundle = open_bundle(copy.root());
  ScriptedEngine engine({0.0F, 0.06F});  // sigmoid(0.06) = 0.514996
  const auto difference = check_golden(bundle, engine, Precision::kFp32);
  ASSERT_TRUE(difference.has_value());
  EXPECT_NEAR(*difference, 4.5e-6, 1e-6);
  EXPECT_EQ(engine.fed,
            (std::vector<std::vector<std::int64_t>>{{0, 1, 1, 0, 1, 0}, {1, 9, 2, 1, 2, 0}}));
}

TEST(GoldenTest, AnotherOrderIsRefused) {
  const BundleCopy copy("pairwise");
  copy.write_listed("golden.jsonl", kTwoTitles);
  const Bundle bundle = open_bundle(copy.root());
  // scores 0.508 and 0.507: each within 0.01 of its own, but they changed places
  ScriptedEngine swapped({0.032F, 0.028F});
  expect_words(refusal(bundle, swapped, Precision::kBf16), "order");
  ScriptedEngine equal({0.032F, 0.032F});
  expect_words(refusal(bundle, equal, Precision::kBf16), "order");
  ScriptedEngine kept({0.028F, 0.032F});
  EXPECT_EQ(refusal(bundle, kept, Precision::kBf16), "passed");
}

TEST(GoldenTest, NothingToCheckWithoutManifestOrPairs) {
  const BundleCopy copy("pairwise");
  Bundle bundle = open_bundle(copy.root());
  ScriptedEngine engine({});
  bundle.manifest.reset();
  EXPECT_FALSE(check_golden(bundle, engine, Precision::kFp32).has_value());
  bundle = open_bundle(copy.root());
  std::filesystem::remove(copy.file("golden.jsonl"));
  EXPECT_FALSE(check_golden(bundle, engine, Precision::kFp32).has_value());
  EXPECT_TRUE(engine.fed.empty());
}

TEST(GoldenTest, DamagedPairsAreRefused) {
  const BundleCopy copy("pairwise");
  const Bundle bundle = open_bundle(copy.root());
  ScriptedEngine engine({0.0F, 0.06F});
  const std::string good = kTwoTitles;
  for (const std::string& text :
       {good.substr(0, good.size() - 5), replaced(good, "\"score\": 0.515", "\"score\": NaN"),
        replaced(good, "[1, 2]", "[1, 2, 3]"), replaced(good, "[1, 2]", "[]"),
        replaced(good, "[1, 2]", "[1, \"2\"]"), good + "7\n"}) {
    write_file(copy.file("golden.jsonl"), text);
    expect_words(refusal(bundle, engine), "golden.jsonl: line ");
  }
  write_file(copy.file("golden.jsonl"), "\n");
  expect_words(refusal(bundle, engine), "holds no golden pairs");
}

TEST(GoldenTest, AGraphWithoutTheFeedsIsRefused) {
  Bundle bundle = open_bundle(repository() / "serving_models/pairwise");
  ScriptedEngine engine({});
  bundle.feeds[0].alias = "words";
  expect_words(refusal(bundle, engine), "no input_ids to check");
  bundle = open_bundle(repository() / "serving_models/pairwise");
  bundle.fetches[1].name = "linear_1.tmp_0";
  expect_words(refusal(bundle, engine), "no logits to check");
}

TEST(ScoreFunctionTest, AreThoseOfTheContract) {
  const auto score = [](const char* name, std::vector<float> logits) {
    return find_score_function(name)->score(logits.data());
  };
  EXPECT_FLOAT_EQ(score("sigmoid", {-1.3696873F}), 0.20267037F);
  EXPECT_EQ(score("sigmoid", {-1000.0F}), 0.0F);
  EXPECT_EQ(score("sigmoid", {1000.0F}), 1.0F);
  EXPECT_FLOAT_EQ(score("softmax_positive", {2.407562F, -2.3598456F}), 0.008430712F);
  EXPECT_EQ(score("softmax_positive", {-500.0F, 500.0F}), 1.0F);
  EXPECT_EQ(score("identity", {0.75F}), 0.75F);
  EXPECT_TRUE(std::isnan(score("sigmoid", {std::numeric_limits<float>::quiet_NaN()})));
  EXPECT_EQ(find_score_function("tanh"), nullptr);
}

}  // namespace
}  // namespace tensor_service
