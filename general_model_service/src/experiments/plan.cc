// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "experiments/plan.h"

#include <algorithm>

namespace tensor_service {

std::optional<std::size_t> Experiment::dealt(std::string_view unit) const {
  if (space && !space->holds(unit)) {
    return std::nullopt;
  }
  return assignment.variant_of(unit);
}

const Experiment* Plan::find(std::string_view name) const {
  const auto found = std::find_if(experiments.begin(), experiments.end(),
                                  [name](const Experiment& one) { return one.name == name; });
  return found == experiments.end() ? nullptr : &*found;
}

Choice Plan::choose(const std::string& unit, double now, std::string_view only) const {
  std::vector<const Experiment*> running;
  for (const Experiment& experiment : experiments) {
    if (experiment.runs(now) && (only.empty() || only == experiment.name)) {
      running.push_back(&experiment);
    }
  }
  for (const Experiment* experiment : running) {
    if (const auto listed = experiment->allow_list.find(unit);
        listed != experiment->allow_list.end()) {
      return {&experiment->routes[listed->second], kByList};
    }
  }
  if (running.empty() || (holdout && holdout->holds(unit))) {
    return {};
  }
  for (const Experiment* experiment : running) {
    if (const auto variant = experiment->dealt(unit)) {
      return {&experiment->routes[*variant], kByBucket};
    }
  }
  return {};
}

}  // namespace tensor_service
