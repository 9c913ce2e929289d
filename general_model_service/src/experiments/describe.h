// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Experiments and routes as JSON, for people and programs to read. As pipeline/routing/describe.py.

#pragma once

#include <string>

#include "experiments/plan.h"
#include "experiments/router.h"

namespace tensor_service {

// Name, state, and who answers which share of all units.
std::string experiment_json(const Experiment& experiment, double now);

// GET and POST /v1/assignments: what a unit is served. only: as route_of has it.
std::string assignment_json(const Plan& plan, const Asking& asking, std::string_view only,
                            double now);

}  // namespace tensor_service
