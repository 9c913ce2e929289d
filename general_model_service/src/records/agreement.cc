// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "records/agreement.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

namespace tensor_service {
namespace {

constexpr std::size_t kTop = 10;

// The first ten, best first; of equal ones the earlier.
std::vector<std::size_t> top_of(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t i, std::size_t j) { return values[i] > values[j]; });
  order.resize(std::min(kTop, order.size()));
  return order;
}

std::int64_t pairs_of(std::size_t count) {
  const auto n = static_cast<std::int64_t>(count);
  return n * (n - 1) / 2;
}

// Pairs within groups of neighbours that `same` finds equal.
template <class Items, class Same>
std::int64_t tied_pairs(const Items& items, Same same) {
  std::int64_t pairs = 0;
  for (std::size_t begin = 0; begin < items.size();) {
    std::size_t end = begin + 1;
    while (end < items.size() && same(items[begin], items[end])) {
      ++end;
    }
    pairs += pairs_of(end - begin);
    begin = end;
  }
  return pairs;
}

// Sorts, and counts the pairs that stood in falling order.
std::int64_t inversions(std::vector<double>& values, std::vector<double>& room, std::size_t begin,
                        std::size_t end) {
  if (end - begin < 2) {
    return 0;
  }
  const std::size_t middle = begin + (end - begin) / 2;
  std::int64_t count =
      inversions(values, room, begin, middle) + inversions(values, room, middle, end);
  std::size_t left = begin;
  std::size_t right = middle;
  for (std::size_t place = begin; place < end; ++place) {
    if (right == end || (left < middle && values[left] <= values[right])) {
      room[place] = values[left++];
    } else {
      count += static_cast<std::int64_t>(middle - left);
      room[place] = values[right++];
    }
  }
  std::copy(room.begin() + static_cast<std::ptrdiff_t>(begin),
            room.begin() + static_cast<std::ptrdiff_t>(end),
            values.begin() + static_cast<std::ptrdiff_t>(begin));
  return count;
}

}  // namespace

double kendall_tau_b(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<std::pair<double, double>> both;
  for (std::size_t i = 0; i < a.size(); ++i) {
    both.emplace_back(a[i], b[i]);
  }
  std::sort(both.begin(), both.end());
  const std::int64_t all = pairs_of(a.size());
  const std::int64_t tied_a =
      tied_pairs(both, [](const auto& x, const auto& y) { return x.first == y.first; });
  const std::int64_t tied_both =
      tied_pairs(both, [](const auto& x, const auto& y) { return x == y; });
  std::vector<double> seconds;
  for (const auto& pair : both) {
    seconds.push_back(pair.second);
  }
  std::vector<double> room(seconds.size());
  const std::int64_t discordant = inversions(seconds, room, 0, seconds.size());
  const std::int64_t tied_b = tied_pairs(seconds, [](double x, double y) { return x == y; });
  const std::int64_t untied_a = all - tied_a;
  const std::int64_t untied_b = all - tied_b;
  if (untied_a == 0 || untied_b == 0) {
    return untied_a == untied_b ? 1.0 : 0.0;
  }
  const std::int64_t agreeing = all - tied_a - tied_b + tied_both - 2 * discordant;
  // each pair counts twice, once from either side
  const double product = static_cast<double>(2 * untied_a) * static_cast<double>(2 * untied_b);
  return static_cast<double>(2 * agreeing) / std::pow(product, 0.5);
}

void compare(const Ranked& answered, const Ranked& shadow, ShadowComparison& record) {
  const std::vector<std::size_t> first = top_of(answered.ordered_by());
  const std::vector<std::size_t> second = top_of(shadow.ordered_by());
  const auto shared = std::count_if(first.begin(), first.end(), [&](std::size_t document) {
    return std::find(second.begin(), second.end(), document) != second.end();
  });
  double difference = 0.0;
  double distance = 0.0;
  for (std::size_t i = 0; i < answered.scores.size(); ++i) {
    const double more = shadow.scores[i] - answered.scores[i];
    difference += more;
    distance += std::fabs(more);
  }
  const auto documents = static_cast<double>(answered.scores.size());
  record.kendall_tau = kendall_tau_b(answered.ordered_by(), shadow.ordered_by());
  record.top1_same = first.front() == second.front() ? 1 : 0;
  record.top10_overlap = static_cast<double>(shared) / static_cast<double>(first.size());
  record.score_difference = difference / documents;
  record.score_distance = distance / documents;
}

}  // namespace tensor_service
