// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// What an experiment would do, asked without doing it, as pipeline/edges/http/routes/assignments.py
// answers: the variant of a unit, and two orders drafted into one. And how errors of such paths are
// written.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "experiments/plan.h"
#include "json/json_node.h"
#include "ranking/ranking_error.h"
#include "ranking/values.h"

namespace tensor_service {

// A query or two orders; these paths pass no admission, so that they stay cheap.
constexpr std::size_t kMostExperimentBody = 256U << 10U;

// The fields of a URL's query, each a text; of equal names the last one counts.
JsonNode fields_of_query(std::string_view query);

// A body that is an object. Throws RankingError.
JsonNode experiment_fields(std::string_view body, std::size_t most);

// GET and POST /v1/assignments. now: seconds since 1970. Throws RankingError.
std::string answer_assignment(const JsonNode& fields, const Plan& plan, const TextLimits& limits,
                              double now);

// POST /v1/interleave. Throws RankingError.
std::string answer_interleave(const JsonNode& fields, const TextLimits& limits);

// {"error": {"code", "message", "field"}}
std::string problem_json(const RankingError& error);

}  // namespace tensor_service
