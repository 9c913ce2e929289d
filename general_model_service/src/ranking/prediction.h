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

namespace tensor_service {

// A body, read; it may be taken apart. Values that are decoded of texts go to `made`, which has to
// stay where it is. Throws RankingError, and what `more` throws.
RankRequest read_prediction(JsonNode& body, std::string_view service, const TextLimits& limits,
                            std::deque<JsonNode>& made, const MoreBytes& more);

// Keys and values of an answer, in their order.
using WireAnswer = std::vector<std::pair<std::string_view, std::string>>;

WireAnswer prediction_wire(const RankRequest& request, const RankResponse& response);
// routed: somebody was asked already; the answer then says for which request.
WireAnswer prediction_error_wire(bool routed, std::string_view request_id);

// The same in a body of JSON.
std::string prediction_json(const RankRequest& request, const RankResponse& response);
std::string prediction_error_json(const RankingError& error, bool routed,
                                  std::string_view request_id);

}  // namespace tensor_service
