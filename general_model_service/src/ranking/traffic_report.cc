// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "ranking/traffic_report.h"

#include <cmath>
#include <optional>

#include "experiments/describe.h"
#include "json/python_text.h"

namespace tensor_service {
namespace {

constexpr double kQuantileError = 0.05;

double rounded(double value, double parts) { return std::round(value * parts) / parts; }

std::string ms_json(const std::optional<double>& seconds) {
  return seconds ? python_float(rounded(*seconds * 1000.0, 100.0)) : "null";
}

std::string counts_fields(const TrafficCounts& counts) {
  std::string out;
  const char* const names[] = {"answered", "failed", "refused", "rejected"};
  for (std::size_t i = 0; i < counts.ended.size(); ++i) {
    out += json_text(names[i]) + ":" + std::to_string(counts.ended[i]) + ",";
  }
  const bool any = counts.longest_s > 0.0;
  return out + "\"p50_ms\":" + ms_json(counts.quantile_s(0.5)) +
         ",\"p99_ms\":" + ms_json(counts.quantile_s(0.99)) +
         ",\"longest_ms\":" + ms_json(any ? std::optional(counts.longest_s) : std::nullopt);
}

std::string lines_json(const TrafficSnapshot& seen) {
  std::string out;
  for (const auto& [line, counts] : seen.lines) {
    out += (out.empty() ? "{" : ",{") + std::string("\"experiment\":") +
           json_text(line.experiment) + ",\"variant\":" + json_text(line.variant) +
           ",\"ranker\":" + json_text(line.ranker) + "," + counts_fields(counts) + "}";
  }
  return "[" + out + "]";
}

std::string timeline_json(const TrafficSnapshot& seen) {
  std::string out;
  for (const TrafficCounts& counts : seen.timeline) {
    out += (out.empty() ? "{" : ",{") + counts_fields(counts) + "}";
  }
  return "[" + out + "]";
}

// Rows that are alike are not joined here, and no score is kept.
std::string rankers_json(const TrafficState& state) {
  std::string out;
  for (const RankerRows& one : state.rankers) {
    out += (out.empty() ? "{" : ",{") + std::string("\"ranker\":") + json_text(one.ranker) +
           ",\"rows\":{\"computed\":" + python_float(static_cast<double>(one.computed)) +
           ",\"joined\":0.0,\"cached\":0.0,\"waiting\":" +
           python_float(static_cast<double>(one.waiting)) + "}}";
  }
  return "[" + out + "]";
}

}  // namespace

std::string traffic_json(const TrafficSnapshot& seen, const TrafficState& state, const Plan& plan) {
  TrafficCounts total;
  for (const auto& [line, counts] : seen.lines) {
    total.merge(counts);
  }
  std::string experiments;
  for (const Experiment& one : plan.experiments) {
    experiments += (experiments.empty() ? "" : ",") + experiment_json(one, state.time);
  }
  return "{\"time\":" + python_float(state.time) +
         ",\"window_s\":" + python_float(rounded(seen.observed_s, 10.0)) +
         ",\"interval_s\":" + std::to_string(RecentTraffic::kIntervalS) +
         ",\"quantile_error\":" + python_float(kQuantileError) +
         ",\"ready\":" + (state.reason.empty() ? "true" : "false") +
         ",\"reason\":" + json_text(state.reason) +
         ",\"in_flight\":" + std::to_string(state.in_flight) + ",\"total\":{" +
         counts_fields(total) + "},\"lines\":" + lines_json(seen) +
         ",\"timeline\":" + timeline_json(seen) + ",\"rankers\":" + rankers_json(state) +
         ",\"default_ranker\":" + json_text(plan.default_target().ranker) + ",\"experiments\":[" +
         experiments + "],\"holdout\":" + python_float(plan.holdout ? plan.holdout->share : 0.0) +
         "}";
}

}  // namespace tensor_service
