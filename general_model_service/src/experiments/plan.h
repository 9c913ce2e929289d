// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The plan of experiments: checked against the bundles that are served, it chooses a unit's
// variant. As pipeline/routing/plan.py. Immutable, so any thread may ask it.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "experiments/assignment.h"
#include "experiments/experiment_config.h"
#include "experiments/route.h"

namespace tensor_service {

// By ranker, the default first, the versions of its bundles, that of model_config first.
struct ServedVersions {
  std::string ranker;
  std::vector<std::string> versions;
};
using Served = std::vector<ServedVersions>;

// One experiment, ready to decide.
struct Experiment {
  std::string name;
  std::vector<Route> routes;  // of each variant, but for unit and reason
  Assignment assignment;      // of units to routes
  std::unordered_map<std::string, std::size_t> allow_list;  // route by unit
  std::optional<Namespace> space;
  std::optional<double> start;  // seconds since 1970
  std::optional<double> end;

  // Whether it has begun and not ended.
  bool runs(double now) const { return (!start || *start <= now) && (!end || now < *end); }
  // The number of the route that the unit's bucket gives it.
  std::optional<std::size_t> dealt(std::string_view unit) const;
};

struct Choice {
  const Route* route = nullptr;  // null: the unit is in no experiment
  std::string_view reason;
};

struct Plan {
  std::vector<Target> rankers;  // the first bundle of each; the first answers who is in none
  std::vector<Experiment> experiments;
  std::optional<Holdout> holdout;

  const Target& default_target() const { return rankers.front(); }
  const Experiment* find(std::string_view name) const;
  // only: the name of the only experiment that counts; empty: all do.
  Choice choose(const std::string& unit, double now, std::string_view only = {}) const;
};

// Throws ConfigError with the path of what cannot be.
Plan make_plan(const std::vector<ExperimentConfig>& experiments, const HoldoutConfig& holdout,
               const Served& served);

}  // namespace tensor_service
