// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// What both edges carry in the shape of Paddle Serving's wire: string keys and string values, in
// upstream's shape (numbered pairs) or in the fuller one. As paddle_wire.py and request.py of the
// Pipeline have it. Called by prediction_request.cc with a body of JSON, by rpc_route.cc with a
// message.

#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "json/json_node.h"
#include "ranking/rank_request.h"

namespace tensor_service {

struct WireField {
  std::string key;
  std::string value;
};
using WireFields = std::vector<WireField>;

// Keys and values as they come.
struct WireLists {
  std::vector<std::string> keys;
  std::vector<std::string> values;
};

// A tensor of strings counts as a field whose value they make together.
struct WireTensor {
  std::string name;
  std::string elem_type;  // its digits
  std::string text;
};

// Of keys and values there are as many, and each key stands once. Throws RankingError.
void check_wire(const std::vector<std::string>& keys, const std::vector<std::string>& values);

// The two lists of the wire as one, with the tensors behind them. Throws RankingError: a tensor
// holds no strings, lengths differ, or a key stands twice.
WireFields join_wire(std::vector<std::string> keys, std::vector<std::string> values,
                     std::vector<WireTensor> tensors);

// Values that are decoded of texts go to `made`, which has to stay where it is. Throws
// RankingError, and what `more` throws.
RankRequest read_wire_request(WireFields wire, const TextLimits& limits, std::deque<JsonNode>& made,
                              const MoreBytes& more);

// Throws RankingError: the bytes are no request.
[[noreturn]] void refuse_shape(std::string_view field, std::string message);

}  // namespace tensor_service
