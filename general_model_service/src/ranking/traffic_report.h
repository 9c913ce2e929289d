// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// GET /v1/traffic: the last minutes by variant, what waits, and the state of experiments. As
// pipeline/edges/http/routes/traffic.py.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "experiments/plan.h"
#include "report/recent_traffic.h"

namespace tensor_service {

// Rows of all bundles of a ranker.
struct RankerRows {
  std::string ranker;
  std::int64_t computed = 0;
  std::int64_t waiting = 0;
};

struct TrafficState {
  double time = 0.0;   // seconds since 1970
  std::string reason;  // why no requests are taken; empty: they are
  std::int64_t in_flight = 0;
  std::vector<RankerRows> rankers;
};

std::string traffic_json(const TrafficSnapshot& seen, const TrafficState& state, const Plan& plan);

}  // namespace tensor_service
