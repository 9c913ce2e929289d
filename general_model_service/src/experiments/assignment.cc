// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "experiments/assignment.h"

#include <cmath>
#include <utility>

#include "experiments/hash.h"

namespace tensor_service {
namespace {

constexpr std::uint32_t kNamespaceBuckets = 1000;

double point_of(std::string_view unit, std::string_view salt) {
  return static_cast<double>(bucket_of(unit, salt)) / kBuckets;
}

}  // namespace

bool Namespace::holds(std::string_view unit) const {
  const std::uint32_t bucket = fnv1a32(std::string(unit) + "__" + name) % kNamespaceBuckets;
  const double point = static_cast<double>(bucket) / kNamespaceBuckets;
  return start <= point && point < end;
}

bool Holdout::holds(std::string_view unit) const { return point_of(unit, salt) < share; }

Assignment::Assignment(const std::vector<double>& weights, std::string salt, double coverage)
    : salt_(std::move(salt)) {
  const double total = python_sum(weights);
  double start = 0.0;
  for (const double weight : weights) {
    const double share = weight / total;
    shares_.push_back(coverage * weight / total);
    ranges_.push_back({start, start + coverage * share});
    start += share;
  }
}

std::optional<std::size_t> Assignment::variant_of(std::string_view unit) const {
  const double point = point_of(unit, salt_);
  for (std::size_t i = 0; i < ranges_.size(); ++i) {
    if (ranges_[i].start <= point && point < ranges_[i].end) {
      return i;
    }
  }
  return std::nullopt;
}

double python_sum(const std::vector<double>& values) {
  double sum = 0.0;
  double lost = 0.0;
  for (const double value : values) {
    const double next = sum + value;
    lost += std::fabs(sum) >= std::fabs(value) ? (sum - next) + value : (value - next) + sum;
    sum = next;
  }
  return lost != 0.0 && std::isfinite(lost) ? sum + lost : sum;
}

}  // namespace tensor_service
