// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "settings/close_match.h"

#include <algorithm>

namespace tensor_service {
namespace {

constexpr double kNear = 0.6;
// Longer ones are no typing errors of a key.
constexpr std::size_t kLongest = 100;

// Characters in the longest block that both have, and in those to its left and right (Ratcliff and
// Obershelp 1988). Of blocks of one length the first in `a` counts, and of those the first in `b`.
std::size_t matched(std::string_view a, std::string_view b) {
  std::size_t best = 0;
  std::size_t in_a = 0;
  std::size_t in_b = 0;
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::vector<std::size_t> next(b.size() + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      next[j + 1] = a[i] == b[j] ? row[j] + 1 : 0;
      if (next[j + 1] > best) {
        best = next[j + 1];
        in_a = i + 1 - best;
        in_b = j + 1 - best;
      }
    }
    row = std::move(next);
  }
  return best == 0 ? 0
                   : best + matched(a.substr(0, in_a), b.substr(0, in_b)) +
                         matched(a.substr(in_a + best), b.substr(in_b + best));
}

}  // namespace

std::string_view close_match(std::string_view wrong, const std::vector<std::string_view>& names) {
  std::string_view nearest;
  double highest = 0.0;
  if (wrong.empty() || wrong.size() > kLongest) {
    return nearest;
  }
  for (const std::string_view name : names) {
    const double ratio = 2.0 * static_cast<double>(matched(name, wrong)) /
                         static_cast<double>(name.size() + wrong.size());
    const bool better = ratio > highest || (ratio == highest && name > nearest);
    if (ratio >= kNear && better) {
      nearest = name;
      highest = ratio;
    }
  }
  return nearest;
}

}  // namespace tensor_service
