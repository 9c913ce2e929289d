// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// How far two rankers' orders and scores of the same documents agree, as
// pipeline/records/agreement.py tells it.

#pragma once

#include <vector>

#include "records/record.h"

namespace tensor_service {

// One ranker's figures of all documents of a request.
struct Ranked {
  std::vector<double> scores;
  std::vector<double> logits;  // or empty
  const std::vector<double>& ordered_by() const { return logits.empty() ? scores : logits; }
};

// Fills in the figures of the record.
void compare(const Ranked& answered, const Ranked& shadow, ShadowComparison& record);

// Kendall's tau-b: pairs in the same order less those in another, ties taken out of both. Two lists
// without any order to compare, such as of one document, agree: 1. In n log n steps: W. R. Knight,
// A Computer Method for Calculating Kendall's Tau with Ungrouped Data, JASA 61, 1966.
double kendall_tau_b(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace tensor_service
