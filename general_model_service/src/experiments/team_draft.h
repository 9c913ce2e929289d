// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Team draft: mixes two orders of the same documents into one list, and tells whose each place is,
// as contract/experiments/interleaving.py does.
//
// F. Radlinski, M. Kurup, T. Joachims: How Does Clickthrough Data Reflect Retrieval Quality? CIKM
// 2008, algorithm 2.

#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace tensor_service {

struct TeamDraft {
  std::vector<std::size_t> order;    // documents, best first
  std::vector<std::size_t> pickers;  // of each the number, 0 or 1, of the order that picked it
};

// Two orders of the numbers from 0 on, best first, each as long as the other. A coin decides who
// picks first in every round: Python's random.Random of the seed, so that both languages draft
// alike.
TeamDraft team_draft(const std::vector<std::size_t>& one, const std::vector<std::size_t>& other,
                     std::string_view seed);

}  // namespace tensor_service
