// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// golden.jsonl in, its lists of encoded pairs with the scores at export out; and the maps from
// logits to scores, as contract.scoring defines them. Called by check_golden and open_bundle.

#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tensor_service {

inline constexpr const char* kGoldenFile = "golden.jsonl";

struct GoldenPair {
  std::vector<std::int64_t> input_ids;
  std::vector<std::int64_t> token_type_ids;
  float score = 0.0F;
};

// Pairs of one query in input order, by number of the list.
using GoldenLists = std::map<std::int64_t, std::vector<GoldenPair>>;

// Throws BundleError: damaged, or empty.
GoldenLists read_golden(const std::filesystem::path& file);

struct ScoreFunction {
  std::string_view name;
  std::int64_t width;            // logits of one pair
  float (*score)(const float*);  // of the logits of one pair
};

// Nothing for a name that contract.scoring does not know.
const ScoreFunction* find_score_function(std::string_view name);

// "sigmoid, softmax_positive, identity"
std::string score_function_names();

}  // namespace tensor_service
