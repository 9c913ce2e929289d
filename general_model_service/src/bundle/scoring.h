// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The maps from a ranker's logits to margins and from these to scores, as contract.scoring defines
// them. Called by check_golden and open_bundle.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tensor_service {

struct ScoreFunction {
  std::string_view name;
  std::int64_t width;                         // logits of one pair
  bool has_logits;                            // not of a graph that ends in the sigmoid
  double (*margin)(std::span<const double>);  // of the logits of one pair; orders the pairs
  double (*score)(double);                    // of a margin
};

// Nothing for a name that contract.scoring does not know.
const ScoreFunction* find_score_function(std::string_view name);

// "sigmoid, softmax_positive, identity"
std::string score_function_names();

}  // namespace tensor_service
