// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "bundle/golden.h"

#include <gtest/gtest.h>

#include <limits>

#include "bundle/bundle.h"
#include "bundle_copy.h"

namespace tensor_service {
namespace {

std::unique_ptr<Engine> engine_of(const Bundle& bundle, Precision precision = Precision::kFp32) {
  return std::move(make_openvino_engines(bundle.model, {.precision = precision}, {1}).front());
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
  explicit ScriptedEngine(std::vector<float> logits, std::int64_t width = 1)
      : logits_(std::move(logits)), width_(width) {}

  const std::vector<Port>& inputs() const override { return inputs_; }
  const std::vector<Port>& outputs() const override { return outputs_; }
  std::vector<TensorView> run(std::span<const TensorView> feeds) override {
    for (const TensorView& feed : feeds) {
      const auto* values = reinterpret_cast<const std::int64_t*>(feed.data);
      fed.emplace_back(values, values + feed.shape[0] * feed.shape[1]);
    }
    shape_ = {feeds[0].shape[0], width_};
    const TensorView found{ElemType::kFp32, shape_,
                           reinterpret_cast<const std::byte*>(logits_.data())};
    return {found, found};
  }

  std::vector<std::vector<std::int64_t>> fed;

 private:
  std::vector<Port> inputs_{{"token_type_ids", ElemType::kInt64, {-1, -1}},
                            {"input_ids", ElemType::kInt64, {-1, -1}}};
  std::vector<Port> outputs_{{"predict", ElemType::kFp32, {-1, 1}},
                             {"logits", ElemType::kFp32, {-1, 1}}};
  std::vector<float> logits_;
  std::int64_t width_;
  Shape shape_;
};

std::string line(const std::string& ids, const std::string& types, const std::string& logits,
                 const std::string& score) {
  return R"({"group": 0, "input_ids": )" + ids + R"(, "token_type_ids": )" + types +
         R"(, "logits": )" + logits + R"(, "score": )" + score + "}\n";
}

// Two titles of one list.
std::string two_titles(const std::string& first, const std::string& first_score,
                       const std::string& second, const std::string& second_score) {
  return line("[1, 9, 2]", "[0, 1, 1]", first, first_score) +
         line("[1, 2]", "[0, 1]", second, second_score);
}

// sigmoid(0.06) = 0.514996
const std::string kTwoTitles = two_titles("[0.0]", "0.5", "[0.06]", "0.515");
// a score of 1.0 whatever the logit
const std::string kSaturated = two_titles("[40.0]", "1.0", "[41.0]", "1.0");

const std::string kScore = "\"score\": ";

// As it is written in the first line of golden pairs.
std::string first_score(const std::string& golden) {
  const std::size_t from = golden.find(kScore) + kScore.size();
  return golden.substr(from, golden.find_first_of(",}", from) - from);
}

class BothBundles : public ::testing::TestWithParam<const char*> {};

TEST_P(BothBundles, PassInFp32) {
  const Bundle bundle = open_bundle(repository() / "serving_models" / GetParam());
  const auto engine = engine_of(bundle);
  const auto result = check_golden(bundle, *engine, Precision::kFp32);
  ASSERT_TRUE(result.has_value());
  EXPECT_LE(result->difference, 1e-4);
  EXPECT_EQ(result->doubt, "");
}

// Whether they pass depends on the weights.
TEST_P(BothBundles, PassInBf16OrAreRefusedByName) {
  if (!cpu_has_bf16()) {
    GTEST_SKIP() << "this CPU does not multiply bfloat16";
  }
  const Bundle bundle = open_bundle(repository() / "serving_models" / GetParam());
  const auto engine = engine_of(bundle, Precision::kBf16);
  // it computes in bf16 indeed, and fp32's tolerance notices
  EXPECT_NE(refusal(bundle, *engine, Precision::kFp32), "passed");
  const std::string text = refusal(bundle, *engine, Precision::kBf16);
  if (text != "passed") {
    expect_words(text, " of title ");
    expect_words(text, "allowed is a difference of ");
    return;
  }
  const auto result = check_golden(bundle, *engine, Precision::kBf16);
  ASSERT_TRUE(result.has_value());
  EXPECT_GT(result->difference, 1e-4);
}

INSTANTIATE_TEST_SUITE_P(Golden, BothBundles, ::testing::Values("pairwise", "cross_encoder"));

TEST(GoldenTest, AChangedScoreIsRefused) {
  const BundleCopy copy("pairwise");
  const std::string score = first_score(read_file(copy.file("golden.jsonl")));
  const double changed = std::stod(score) + 1e-4;
  copy.edit_listed("golden.jsonl", kScore + score, kScore + std::to_string(changed));
  const Bundle bundle = open_bundle(copy.root());
  const auto engine = engine_of(bundle);
  const std::string text = refusal(bundle, *engine);
  expect_words(text, copy.file("golden.jsonl").string() + ": list 0: the score of title 0");
  EXPECT_EQ(refusal(bundle, *engine, Precision::kBf16), "passed");
}

TEST(GoldenTest, NanAndInfinityAreRefused) {
  const BundleCopy copy("pairwise");
  copy.write_listed("golden.jsonl", kSaturated);
  const Bundle bundle = open_bundle(copy.root());
  for (const float value :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    ScriptedEngine engine({40.0F, value});
    expect_words(refusal(bundle, engine, Precision::kBf16),
                 "list 0: the graph returns NaN or infinity for title 1; run it in fp32");
  }
}

TEST(GoldenTest, FeedsByNameInOnePaddedBatch) {
  const BundleCopy copy("pairwise");
  copy.write_listed("golden.jsonl", kTwoTitles);
  const Bundle bundle = open_bundle(copy.root());
  ScriptedEngine engine({0.0F, 0.06001F});
  const auto result = check_golden(bundle, engine, Precision::kFp32);
  ASSERT_TRUE(result.has_value());
  EXPECT_NEAR(result->difference, 1e-5, 1e-7);
  EXPECT_EQ(engine.fed,
            (std::vector<std::vector<std::int64_t>>{{0, 1, 1, 0, 1, 0}, {1, 9, 2, 1, 2, 0}}));
}

// The memory of a batch grows with the square of its longest row.
TEST(GoldenTest, ALongTitleIsFedByItself) {
  const BundleCopy copy("pairwise");
  const auto row = [](std::size_t length) {
    std::string numbers = "[1";
    for (std::size_t i = 1; i < length; ++i) {
      numbers += ", 1";
    }
    return line(numbers + "]", numbers + "]", "[0.0]", "0.5");
  };
  copy.write_listed("golden.jsonl", row(3) + row(4) + row(300) + row(300) + row(5));
  const Bundle bundle = open_bundle(copy.root());
  ScriptedEngine engine({0.0F, 0.0F});
  EXPECT_EQ(refusal(bundle, engine), "passed");
  std::vector<std::size_t> tokens;
  for (std::size_t i = 0; i < engine.fed.size(); i += 2) {
    tokens.push_back(engine.fed[i].size());
  }
  EXPECT_EQ(tokens, (std::vector<std::size_t>{2 * 4, 300, 300, 5}));
}

TEST(GoldenTest, LogitsAreComparedWhereScoresCannotDiffer) {
  const BundleCopy copy("pairwise");
  copy.write_listed("golden.jsonl", kSaturated);
  const Bundle bundle = open_bundle(copy.root());
  ScriptedEngine swapped({41.0F, 40.0F});
  expect_words(refusal(bundle, swapped, Precision::kBf16),
               "list 0: the logit of title 0 is 41, at export 40, allowed is a difference of 0.05");
  expect_words(refusal(bundle, swapped), "allowed is a difference of 0.0001; export the bundle");
  ScriptedEngine off({40.02F, 40.98F});
  EXPECT_EQ(refusal(bundle, off, Precision::kBf16), "passed");
  expect_words(refusal(bundle, off), "the logit of title 0");
  // what was exported in bf16 is no nearer to itself in fp32
  Bundle low = bundle;
  low.manifest->precision = "bf16";
  EXPECT_EQ(refusal(low, off), "passed");
}

TEST(GoldenTest, ToleranceGrowsWithTheSpread) {
  const BundleCopy copy("pairwise");
  copy.write_listed("golden.jsonl", two_titles("[40.0]", "1.0", "[60.0]", "1.0"));
  const Bundle bundle = open_bundle(copy.root());
  ScriptedEngine off({40.9F, 60.0F});
  EXPECT_EQ(refusal(bundle, off, Precision::kBf16), "passed");
  ScriptedEngine further({41.1F, 60.0F});
  expect_words(refusal(bundle, further, Precision::kBf16), "allowed is a difference of 1; serve");
  ScriptedEngine exact({40.0003F, 60.0F});
  EXPECT_EQ(refusal(bundle, exact), "passed");
}

TEST(GoldenTest, OfTwoLogitsTheMarginIsCompared) {
  const BundleCopy copy("cross_encoder");
  copy.write_listed("golden.jsonl", two_titles("[-20.0, 20.0]", "1.0", "[-20.5, 20.5]", "1.0"));
  const Bundle bundle = open_bundle(copy.root());
  ScriptedEngine moved({-10.0F, 30.0F, -20.0F, 21.0F}, 2);
  EXPECT_EQ(refusal(bundle, moved), "passed");
  ScriptedEngine off({-20.0F, 20.0F, -20.5F, 20.0F}, 2);
  expect_words(refusal(bundle, off), "the logits' margin of title 1 is 40.5, at export 41,");
  copy.write_listed("golden.jsonl", kSaturated);
  expect_words(refusal(open_bundle(copy.root()), off),
               "line 1: not a golden pair of this bundle (1 logits, softmax_positive takes 2)");
}

TEST(GoldenTest, OfAGraphThatEndsInTheSigmoidScoresAreCompared) {
  const BundleCopy copy("pairwise");
  copy.edit("manifest.json", "\"score_function\": \"sigmoid\"", "\"score_function\": \"identity\"");
  copy.write_listed("golden.jsonl", two_titles("[7.0]", "0.5", "[8.0]", "0.7"));
  const Bundle bundle = open_bundle(copy.root());
  ScriptedEngine same({0.5F, 0.7F});
  const auto result = check_golden(bundle, same, Precision::kFp32);
  ASSERT_TRUE(result.has_value());
  EXPECT_LE(result->difference, 1e-7);
  ScriptedEngine off({0.5F, 0.7001F});
  expect_words(refusal(bundle, off), "the score of title 1 is 0.7001");
}

TEST(GoldenTest, AnotherOrderIsRefused) {
  const BundleCopy copy("pairwise");
  copy.write_listed("golden.jsonl", two_titles("[0.0]", "0.5", "[0.06]", "0.515"));
  const Bundle bundle = open_bundle(copy.root());
  // scores 0.508 and 0.507: each within 0.01 of its own, but they changed places
  ScriptedEngine swapped({0.032F, 0.028F});
  expect_words(refusal(bundle, swapped, Precision::kBf16), "order");
  ScriptedEngine equal({0.032F, 0.032F});
  expect_words(refusal(bundle, equal, Precision::kBf16), "order");
  ScriptedEngine kept({0.028F, 0.032F});
  EXPECT_EQ(refusal(bundle, kept, Precision::kBf16), "passed");
}

TEST(GoldenTest, PairsThatShowNoOrderAreToldOf) {
  const BundleCopy copy("pairwise");
  const auto doubt = [&](const std::string& golden, std::vector<float> logits,
                         Precision precision = Precision::kFp32) {
    copy.write_listed("golden.jsonl", golden);
    ScriptedEngine engine(std::move(logits));
    return check_golden(open_bundle(copy.root()), engine, precision)->doubt;
  };
  expect_words(doubt(two_titles("[36.0]", "1.0", "[36.0]", "1.0"), {36.0F, 36.0F}),
               "they prove nothing: all have the same logits; name lists that the ranker tells");
  const std::string near = two_titles("[36.0]", "1.0", "[36.03]", "1.0");
  expect_words(
      doubt(near, {36.0F, 36.03F}, Precision::kBf16),
      "they test no order: no list has two titles whose logits lie more than 5.0e-02 apart");
  EXPECT_EQ(doubt(near, {36.0F, 36.03F}), "");
  EXPECT_EQ(doubt(kSaturated, {40.0F, 41.0F}, Precision::kBf16), "");
}

TEST(GoldenTest, NothingToCheckWithoutAManifest) {
  const BundleCopy copy("pairwise");
  Bundle bundle = open_bundle(copy.root());
  ScriptedEngine engine({});
  std::filesystem::remove(copy.file("golden.jsonl"));
  expect_words(refusal(bundle, engine), "golden.jsonl: holds no golden pairs");
  bundle.manifest.reset();
  EXPECT_FALSE(check_golden(bundle, engine, Precision::kFp32).has_value());
  EXPECT_TRUE(engine.fed.empty());
}

TEST(GoldenTest, DamagedPairsAreRefused) {
  const BundleCopy copy("pairwise");
  const Bundle bundle = open_bundle(copy.root());
  ScriptedEngine engine({0.0F, 0.06F});
  const std::string& good = kTwoTitles;
  for (const std::string& text :
       {good.substr(0, good.size() - 5), replaced(good, "\"score\": 0.515", "\"score\": NaN"),
        replaced(good, "[0.06]", "[]"), replaced(good, "[0.06]", "[1e999]"),
        replaced(good, "[0.06]", "0.06"), replaced(good, "[1, 2]", "[1, 2, 3]"),
        replaced(good, "[1, 2]", "[]"), replaced(good, "[1, 2]", "[1, \"2\"]"), good + "7\n"}) {
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
  const auto score = [](const char* name, std::vector<double> logits) {
    const ScoreFunction* function = find_score_function(name);
    return function->score(function->margin(logits));
  };
  EXPECT_DOUBLE_EQ(score("sigmoid", {-1.5}), 0.18242552380635635);
  EXPECT_EQ(score("sigmoid", {-1000.0}), 0.0);
  EXPECT_EQ(score("sigmoid", {1000.0}), 1.0);
  EXPECT_DOUBLE_EQ(score("softmax_positive", {2.0, 0.5}), 0.18242552380635635);
  EXPECT_EQ(score("softmax_positive", {-500.0, 500.0}), 1.0);
  EXPECT_EQ(score("identity", {0.75}), 0.75);
  EXPECT_FALSE(find_score_function("identity")->has_logits);
  EXPECT_EQ(find_score_function("tanh"), nullptr);
}

}  // namespace
}  // namespace tensor_service
