// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// golden.jsonl in, its lists of encoded pairs with what was computed at export out; and how far an
// engine may be from that. Called by check_golden.

#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "bundle/scoring.h"

namespace tensor_service {

struct GoldenPair {
  std::vector<std::int64_t> input_ids;
  std::vector<std::int64_t> token_type_ids;
  double margin = 0.0;  // of its logits; of a graph that returns scores alone the score
  double score = 0.0;
};

// Pairs of one query in input order, by number of the list.
using GoldenLists = std::map<std::int64_t, std::vector<GoldenPair>>;

// Throws BundleError: damaged, empty, or with logits of another ranker.
GoldenLists read_golden(const std::filesystem::path& file, const ScoreFunction& function);

// As contract.bundle.golden has it: of scores, of margins, and of these as a part of their spread.
struct Tolerance {
  double score;
  double logit;
  double of_spread;
};

inline constexpr Tolerance kFp32Tolerance{1e-5, 1e-4, 2e-5};
inline constexpr Tolerance kLowPrecisionTolerance{1e-2, 5e-2, 5e-2};

// Largest difference that the margins of these lists may have.
double allowed_margin(const Tolerance& tolerance, const GoldenLists& lists);

// Why another order of the titles would pass as well; empty where it would not.
std::string doubt_of(const GoldenLists& lists, const ScoreFunction& function, double allowed);

}  // namespace tensor_service
