// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A split ranker that rounds its states to fp16: in bf16 all rows would score alike.

#include <gtest/gtest.h>

#include "bundle_copy.h"
#include "model/model.h"

namespace tensor_service {
namespace {

std::string refusal(const ModelOptions& options) {
  try {
    load_model(options);
  } catch (const BundleError& error) {
    return error.what();
  }
  return "loaded";
}

// A bundle whose manifest says so of a split.
class SplitCopy : public BundleCopy {
 public:
  explicit SplitCopy(const std::string& split) : BundleCopy("pairwise") {
    constexpr std::string_view kKey = "\"score_function\": ";
    edit("manifest.json", kKey, "\"split\": " + split + ", " + std::string(kKey));
    reseal();
  }
};

const std::string kRounded = R"({"state_type": "fp16"})";

TEST(RoundedStatesTest, Bf16IsRefusedByName) {
  const SplitCopy copy(kRounded);
  const std::string text = refusal({.path = copy.root(), .precision = Precision::kBf16});
  EXPECT_EQ(text.rfind("--precision bf16: this split ranker rounds its states to fp16", 0), 0U)
      << text;
  EXPECT_NE(text.find("--state_type fp32"), std::string::npos) << text;
}

TEST(RoundedStatesTest, AutoTakesFp32) {
  const SplitCopy copy(kRounded);
  const auto model = load_model({.path = copy.root(), .automatic_precision = true});
  EXPECT_EQ(model->precision, Precision::kFp32);
}

TEST(RoundedStatesTest, StatesOfFp32AreNotRounded) {
  const SplitCopy copy(R"({"state_type": "fp32"})");
  EXPECT_FALSE(open_bundle(copy.root()).manifest->rounds_states);
}

TEST(RoundedStatesTest, ADamagedSplitIsRefused) {
  for (const char* split : {"1", "{}", R"({"state_type": "int4"})", R"({"state_type": 16})"}) {
    const SplitCopy copy(split);
    const std::string text = refusal({.path = copy.root()});
    EXPECT_NE(text.find("manifest.json: split: "), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace tensor_service
