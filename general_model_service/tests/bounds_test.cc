// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// What values and rows a loaded bundle takes: with its tokenizer, without, and with one that is
// not its graph's.

#include "model/bounds.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "bundle_copy.h"

namespace tensor_service {
namespace {

constexpr const char* kVocabulary = "tokenizer/vocab.txt";

ValueBounds bounds_of(const Model& model, const std::string& alias) {
  for (const Input& input : model.inputs) {
    if (input.spec.alias == alias) {
      return input.bounds;
    }
  }
  ADD_FAILURE() << alias;
  return {};
}

class BoundsTest : public ::testing::Test {
 protected:
  BundleCopy copy_{"all_graphs", "tests/fixtures"};
};

TEST_F(BoundsTest, OfABundleWithItsTokenizer) {
  std::string vocabulary = read_file(copy_.file(kVocabulary));
  const std::int64_t size = std::count(vocabulary.begin(), vocabulary.end(), '\n') - 10;
  for (int line = 0; line < 10; ++line) {
    vocabulary.resize(vocabulary.rfind('\n', vocabulary.size() - 2) + 1);
  }
  copy_.write_listed(kVocabulary, vocabulary);
  const auto model = load_model({.path = copy_.root()});
  const ValueBounds ids = bounds_of(*model, "input_ids");
  EXPECT_EQ(ids.size, size);
  EXPECT_EQ(ids.pad_id, 0);
  EXPECT_EQ(ids.positions, 64);
  // the graph has 16 token types, the encoder gives two
  EXPECT_EQ(bounds_of(*model, "token_type_ids").size, 2);
  EXPECT_FALSE(bounds_of(*model, "token_type_ids").pad_id.has_value());
}

TEST_F(BoundsTest, OfUpstreamsDirectoryAreTheGraphs) {
  std::filesystem::remove(copy_.file("manifest.json"));
  const auto model = load_model({.path = copy_.file("serving_server")});
  EXPECT_EQ(bounds_of(*model, "input_ids").size, 180);
  EXPECT_FALSE(bounds_of(*model, "input_ids").pad_id.has_value());
  EXPECT_EQ(bounds_of(*model, "token_type_ids").size, 16);
}

TEST_F(BoundsTest, AVocabularyLargerThanItsTableIsRefused) {
  copy_.write_listed(kVocabulary, read_file(copy_.file(kVocabulary)) + "one more\n");
  try {
    load_model({.path = copy_.root()});
    FAIL() << "loaded";
  } catch (const BundleError& error) {
    const std::string text = error.what();
    EXPECT_NE(
        text.find("tokenizer/vocab.txt has 181 tokens, the graph's embedding of input_ids has "
                  "180 rows; export the bundle again"),
        std::string::npos)
        << text;
  }
}

TEST_F(BoundsTest, AVocabularyWithoutPaddingIsRefused) {
  copy_.write_listed(kVocabulary, "a\nb\n");
  EXPECT_THROW(load_model({.path = copy_.root()}), BundleError);
}

TEST(Bounds, AGraphThatDoesNotTellSaysSo) {
  ::testing::internal::CaptureStderr();
  const auto model = load_model(
      {.path = repository() / "general_model_service/tests/fixtures/int64/serving_server"});
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_FALSE(model->inputs[0].bounds.size.has_value());
  EXPECT_NE(said.find("does not tell how many values x may have"), std::string::npos) << said;
}

TEST(Vocabulary, CountsAsTheEncoderDoes) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "vocab.txt";
  write_file(file, "a\r\n[PAD]\r\n\nb\n\n\n");
  EXPECT_EQ(read_vocabulary(file).size, 4);
  EXPECT_EQ(read_vocabulary(file).pad_id, 1);
}

}  // namespace
}  // namespace tensor_service
