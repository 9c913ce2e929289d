// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Assigns a variant to a unit, always the same one, without storing anything, as
// contract/experiments/assignment.py does. Shares are weights over their sum; a range of buckets
// starts where the shares before it end, so raising the coverage adds units to every variant and
// moves none.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tensor_service {

// A part of all units; experiments in parts that do not overlap never share one.
struct Namespace {
  std::string name;  // with another name, units are dealt anew
  double start = 0.0;
  double end = 1.0;  // itself not in it

  // As GrowthBook's inNamespace, hash version 1.
  bool holds(std::string_view unit) const;
};

// Units that take part in no experiment, to compare all experiments together with.
struct Holdout {
  std::string salt;
  double share = 0.0;  // of all units

  bool holds(std::string_view unit) const;
};

class Assignment {
 public:
  // Weights are finite, 0 or more, and at least one is above 0; the coverage is from 0 to 1.
  Assignment(const std::vector<double>& weights, std::string salt, double coverage);

  // The number of the unit's variant; nothing for one that the coverage leaves out.
  std::optional<std::size_t> variant_of(std::string_view unit) const;

  // Of each variant the share of all units.
  const std::vector<double>& shares() const { return shares_; }

 private:
  struct Range {
    double start;
    double end;
  };

  std::string salt_;
  std::vector<double> shares_;
  std::vector<Range> ranges_;
};

// As Python's sum() of floats, which keeps what rounding takes away (Neumaier): where a variant
// ends must not depend on the language.
double python_sum(const std::vector<double>& values);

}  // namespace tensor_service
