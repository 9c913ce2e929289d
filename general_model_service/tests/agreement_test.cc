// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Figures of agreement are those that pipeline/records/agreement.py computes pair by pair.

#include "records/agreement.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace tensor_service {
namespace {

// By its definition, over all pairs.
double tau_of_pairs(const std::vector<double>& a, const std::vector<double>& b) {
  const auto sign = [](double x) {
    return static_cast<double>(x > 0) - static_cast<double>(x < 0);
  };
  double agreeing = 0.0;
  double untied_a = 0.0;
  double untied_b = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < a.size(); ++j) {
      agreeing += sign(a[i] - a[j]) * sign(b[i] - b[j]);
      untied_a += std::fabs(sign(a[i] - a[j]));
      untied_b += std::fabs(sign(b[i] - b[j]));
    }
  }
  if (untied_a == 0.0 || untied_b == 0.0) {
    return untied_a == untied_b ? 1.0 : 0.0;
  }
  return agreeing / std::pow(untied_a * untied_b, 0.5);
}

TEST(Agreement, TauIsThatOfAllPairs) {
  std::mt19937 random(3);
  for (int trial = 0; trial < 500; ++trial) {
    // few values: many ties
    std::uniform_int_distribution<int> value(0, 1 + trial % 20);
    std::vector<double> a(1 + static_cast<std::size_t>(trial) % 40);
    std::vector<double> b(a.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
      a[i] = value(random);
      b[i] = value(random);
    }
    EXPECT_EQ(kendall_tau_b(a, b), tau_of_pairs(a, b)) << "trial " << trial;
  }
}

TEST(Agreement, OfOneDocumentAndOfEqualScores) {
  EXPECT_EQ(kendall_tau_b({1.0}, {2.0}), 1.0);
  EXPECT_EQ(kendall_tau_b({1.0, 1.0}, {2.0, 2.0}), 1.0);
  EXPECT_EQ(kendall_tau_b({1.0, 1.0}, {2.0, 3.0}), 0.0);
}

TEST(Agreement, OrdersAreThoseOfTheLogitsAndDifferencesThoseOfTheScores) {
  const Ranked answered{{1.0, 1.0, 0.25}, {9.0, 8.0, -1.0}};
  const Ranked shadow{{0.5, 0.75, 0.0}, {}};
  ShadowComparison record;
  compare(answered, shadow, record);
  EXPECT_EQ(record.kendall_tau, 1.0 / 3.0);
  EXPECT_EQ(record.top1_same, 0);
  EXPECT_EQ(record.top10_overlap, 1.0);
  EXPECT_EQ(record.score_difference, -1.0 / 3.0);
  EXPECT_EQ(record.score_distance, 1.0 / 3.0);
}

TEST(Agreement, TheFirstTenAreCompared) {
  std::vector<double> rising;
  for (int i = 0; i < 30; ++i) {
    rising.push_back(i);
  }
  std::vector<double> shifted = rising;
  shifted[29] = -1.0;
  ShadowComparison record;
  compare({rising, {}}, {shifted, {}}, record);
  EXPECT_EQ(record.top10_overlap, 0.9);
}

}  // namespace
}  // namespace tensor_service
