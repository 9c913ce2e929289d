// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A bundle whose graph is an .onnx: it scores its golden pairs, and what is no such graph is
// refused.

#include <gtest/gtest.h>

#include "bundle_copy.h"
#include "model/model.h"

namespace tensor_service {
namespace {

constexpr const char* kOnnx = "serving_server/inference.predict.onnx";

class OnnxTest : public ::testing::Test {
 protected:
  OnnxTest() { copy_.remove_listed("serving_server/inference.predict.pdmodel"); }

  std::string refusal() const {
    try {
      load_model({.path = copy_.root()});
    } catch (const std::exception& error) {
      return error.what();
    }
    return "loaded";
  }

  BundleCopy copy_{"all_graphs", "tests/fixtures"};
};

TEST_F(OnnxTest, ScoresTheGoldenPairs) {
  for (const int threads : {1, 2}) {
    const auto model = load_model({.path = copy_.root(), .threads = threads});
    EXPECT_EQ(model->bundle.model.extension(), ".onnx");
    ASSERT_TRUE(model->golden.has_value());
    EXPECT_LE(model->golden->difference, 1e-4);
    EXPECT_TRUE(model->rows_independent);
    EXPECT_TRUE(model->may_pad);
  }
}

TEST_F(OnnxTest, RefusesADamagedGraph) {
  const std::string good = read_file(copy_.file(kOnnx));
  for (const std::string& content :
       {std::string(), std::string("{}"), std::string("\xff\xff not a graph"),
        good.substr(0, 20'000), good.substr(0, good.size() - 500)}) {
    copy_.write_listed(kOnnx, content);
    const std::string text = refusal();
    EXPECT_EQ(text.find(copy_.file(kOnnx).string() + ": "), 0U) << text;
    EXPECT_NE(text.find("export or copy the bundle again"), std::string::npos) << text;
  }
}

TEST_F(OnnxTest, RefusesScoresThatAreNotThoseRecorded) {
  const std::string golden = read_file(copy_.file("golden.jsonl"));
  const std::size_t first = golden.find("\"score\": ") + 9;
  copy_.write_listed("golden.jsonl", golden.substr(0, first) + "0.0" + golden.substr(first + 3));
  EXPECT_NE(refusal().find("golden"), std::string::npos);
}

}  // namespace
}  // namespace tensor_service
