// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// POST /<service>/prediction, the path of Paddle Serving's gateway: bodies in its shape (lists of
// keys and values) or in the fuller one, answers in its five fields. As gateway_bodies.py,
// request.py and response.py of the Pipeline have them.

#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/json_node.h"
#include "ranking/rank_request.h"
#include "ranking/rank_response.h"
#include "ranking/ranking_error.h"
#include "ranking/text_route.h"

namespace tensor_service {

// A body, read; it may be taken apart. Values that are decoded of texts go to `made`, which has to
// stay where it is. Throws RankingError, and what `more` throws.
RankRequest read_prediction(JsonNode& body, std::string_view service, const TextLimits& limits,
                            std::deque<JsonNode>& made, const MoreBytes& more);

// A list of strings of a body, taken out of it; what is nothing, as Python's "or" has it, is an
// empty one. Throws RankingError.
std::vector<std::string> wire_strings(JsonNode& body, std::string_view name);

// Keys and values of an answer, in their order.
using WireAnswer = std::vector<std::pair<std::string_view, std::string>>;

WireAnswer prediction_wire(const RankRequest& request, const RankResponse& response);
// Where somebody was asked already, the answer says for which request.
WireAnswer prediction_error_wire(const Progress& progress);

// The gateway's five fields, with keys and values of the answer.
std::string gateway_json(int err_no, std::string_view message, const WireAnswer& answer);

std::string prediction_json(const RankRequest& request, const RankResponse& response);

std::string prediction_error_json(const RankingError& error, const Progress& progress);

}  // namespace tensor_service
