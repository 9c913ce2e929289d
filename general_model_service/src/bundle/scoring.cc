// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "bundle/scoring.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace tensor_service {
namespace {

// Without overflow for a large negative x.
double sigmoid(double x) {
  const double e = std::exp(-std::abs(x));
  return x >= 0 ? 1.0 / (1.0 + e) : e / (1.0 + e);
}

double only(std::span<const double> logits) { return logits[0]; }
double second_less_first(std::span<const double> logits) { return logits[1] - logits[0]; }

constexpr std::array<ScoreFunction, 3> kScoreFunctions{{
    {"sigmoid", 1, true, only, sigmoid},
    {"softmax_positive", 2, true, second_less_first, sigmoid},
    {"identity", 1, false, only, [](double margin) { return margin; }},
}};

}  // namespace

const ScoreFunction* find_score_function(std::string_view name) {
  const auto* found =
      std::find_if(kScoreFunctions.begin(), kScoreFunctions.end(),
                   [name](const ScoreFunction& known) { return known.name == name; });
  return found == kScoreFunctions.end() ? nullptr : found;
}

std::string score_function_names() {
  std::string names;
  for (const ScoreFunction& function : kScoreFunctions) {
    names += (names.empty() ? "" : ", ") + std::string(function.name);
  }
  return names;
}

}  // namespace tensor_service
