// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "bundle/calibration.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace tensor_service {
namespace {

Calibration parsed(const std::string& method, const std::string& parameters) {
  return Calibration::parse(R"({"method": ")" + method + R"(", "parameters": )" + parameters +
                            R"(, "fitted_on": {}})");
}

TEST(Calibration, ScoresByEachMethod) {
  EXPECT_DOUBLE_EQ(parsed("temperature", R"({"temperature": 2})").score(3.0),
                   1.0 / (1.0 + std::exp(-1.5)));
  EXPECT_DOUBLE_EQ(parsed("platt", R"({"slope": 0.5, "intercept": -1})").score(2.0), 0.5);
  const Calibration steps =
      parsed("isotonic", R"({"logits": [-1, 0, 2], "scores": [0.1, 0.1, 0.9]})");
  EXPECT_DOUBLE_EQ(steps.score(-5.0), 0.1);
  EXPECT_DOUBLE_EQ(steps.score(0.0), 0.1);
  EXPECT_DOUBLE_EQ(steps.score(1.0), 0.5);
  EXPECT_DOUBLE_EQ(steps.score(2.0), 0.9);
  EXPECT_DOUBLE_EQ(steps.score(7.0), 0.9);
}

TEST(Calibration, RefusesWhatIsNone) {
  for (const char* wrong : {R"({"temperature": 0})", R"({"temperature": "1"})", "{}", "null"}) {
    EXPECT_THROW(parsed("temperature", wrong), std::runtime_error) << wrong;
  }
  EXPECT_THROW(parsed("other", R"({"temperature": 1})"), std::runtime_error);
  EXPECT_THROW(parsed("isotonic", R"({"logits": [1, 1], "scores": [0, 1]})"), std::runtime_error);
  EXPECT_THROW(parsed("isotonic", R"({"logits": [1, 2], "scores": [1, 0]})"), std::runtime_error);
  EXPECT_THROW(parsed("isotonic", R"({"logits": [1], "scores": [2]})"), std::runtime_error);
  EXPECT_THROW(Calibration::parse("{}"), std::runtime_error);
}

}  // namespace
}  // namespace tensor_service
