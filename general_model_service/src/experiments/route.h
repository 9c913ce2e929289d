// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// What is decided of one request: who scores it, and why. As pipeline/request/route.py.

#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tensor_service {

// What can score: one bundle of one ranker.
struct Target {
  std::string ranker;  // pairwise or cross_encoder
  std::string bundle;  // its version

  bool operator==(const Target&) const = default;
};

// As records, answers and the configuration name them.
inline constexpr std::string_view kSplit = "split";
inline constexpr std::string_view kShadow = "shadow";
inline constexpr std::string_view kInterleave = "interleave";
inline constexpr std::string_view kInterleaved = "interleaved";  // variant of both orders in one
inline constexpr std::string_view kByBucket = "bucket";
inline constexpr std::string_view kByList = "allow_list";

struct Route {
  std::vector<Target> targets;  // all score; the first answers, unless orders are interleaved
  // The experiment that the unit takes part in; where it is empty the rest is empty too.
  std::string experiment;
  std::string mode;
  std::string variant;             // assigned
  std::string reason;              // kByBucket or kByList
  std::string unit;                // as it is recorded
  Target assigned;                 // who was to answer
  std::vector<std::string> teams;  // when orders are interleaved, the variant of each target
  std::optional<Target> shadow;    // scored after the answer, and compared with it
  std::string shadow_variant;
  std::optional<Target> fallback;  // answers when the assigned target fails

  bool can_fall_back() const {
    return fallback && std::find(targets.begin(), targets.end(), *fallback) == targets.end();
  }

  // The same unit, answered by the fallback.
  Route fallen_back() const {
    Route route = *this;
    route.targets = {*fallback};
    route.teams.clear();
    route.shadow.reset();
    route.fallback.reset();
    return route;
  }
};

}  // namespace tensor_service
