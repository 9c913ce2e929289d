// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "experiments/describe.h"

#include <algorithm>

#include "json/python_text.h"

namespace tensor_service {
namespace {

std::string target_fields(std::string_view variant, const Target& target) {
  return "\"variant\":" + json_text(variant) + ",\"ranker\":" + json_text(target.ranker) +
         ",\"bundle\":" + json_text(target.bundle);
}

// Who answers: one, or two whose orders are interleaved.
std::vector<std::string> answers_of(const Route& route) {
  std::vector<std::string> answers;
  for (std::size_t i = 0; i < route.targets.size(); ++i) {
    answers.push_back(
        target_fields(route.teams.empty() ? route.variant : route.teams[i], route.targets[i]));
  }
  return answers;
}

std::string state_of(const Experiment& experiment, double now) {
  if (experiment.runs(now)) {
    return "running";
  }
  return experiment.start && now < *experiment.start ? "planned" : "ended";
}

std::string number_or_null(const std::optional<double>& number) {
  return number ? python_float(*number) : "null";
}

std::string namespace_json(const std::optional<Namespace>& space) {
  if (!space) {
    return "null";
  }
  return "[" + json_text(space->name) + "," + python_float(space->start) + "," +
         python_float(space->end) + "]";
}

std::string variants_json(const Experiment& experiment) {
  std::string out = "[";
  const auto add = [&](const std::string& fields, double share, bool shadow) {
    out += out.size() > 1 ? ",{" : "{";
    out += fields + ",\"share\":" + python_float(share);
    out += shadow ? ",\"shadow\":true}" : ",\"shadow\":false}";
  };
  for (std::size_t i = 0; i < experiment.routes.size(); ++i) {
    const Route& route = experiment.routes[i];
    const double share = experiment.assignment.shares()[i];
    for (const std::string& answer : answers_of(route)) {
      add(answer, share, false);
    }
    if (route.shadow) {
      add(target_fields(route.shadow_variant, *route.shadow), share, true);
    }
  }
  return out + "]";
}

std::string route_fields(const Route& route) {
  std::string answers;
  for (const std::string& answer : answers_of(route)) {
    answers += (answers.empty() ? "{" : ",{") + answer + "}";
  }
  const std::string shadow =
      route.shadow ? "{" + target_fields(route.shadow_variant, *route.shadow) + "}" : "null";
  return "\"experiment\":" + json_text(route.experiment) + ",\"mode\":" + json_text(route.mode) +
         ",\"variant\":" + json_text(route.variant) + ",\"reason\":" + json_text(route.reason) +
         ",\"answers\":[" + answers + "],\"shadow\":" + shadow +
         ",\"fallback\":" + (route.fallback ? json_text(route.fallback->ranker) : "null");
}

}  // namespace

std::string experiment_json(const Experiment& experiment, double now) {
  const double coverage = std::min(1.0, python_sum(experiment.assignment.shares()));
  return "{\"name\":" + json_text(experiment.name) +
         ",\"mode\":" + json_text(experiment.routes.front().mode) +
         ",\"state\":" + json_text(state_of(experiment, now)) +
         ",\"coverage\":" + python_float(coverage) +
         ",\"start\":" + number_or_null(experiment.start) +
         ",\"end\":" + number_or_null(experiment.end) +
         ",\"namespace\":" + namespace_json(experiment.space) +
         ",\"variants\":" + variants_json(experiment) + "}";
}

std::string assignment_json(const Plan& plan, const Asking& asking, std::string_view only,
                            double now) {
  const Route route = route_of(plan, asking, only, now);
  const std::string unit = asking.unit();
  const bool held_out = route.experiment.empty() && plan.holdout && plan.holdout->holds(unit);
  return "{\"unit\":" + json_text(unit) + "," + route_fields(route) +
         ",\"held_out\":" + (held_out ? "true" : "false") + "}";
}

}  // namespace tensor_service
