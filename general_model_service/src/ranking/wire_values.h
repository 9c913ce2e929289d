// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Values of the gateway's key and value lists: JSON, or the Python literals that existing clients
// send (str(dict) of upstream's ranking clients, repr(numpy.array(list)) of PipelineClient). As
// decode() and plain() of contract/wire/values.py. Called by prediction_request.cc.

#pragma once

#include <string>
#include <string_view>

#include "json/json_node.h"

namespace tensor_service {

// Throws RankingError naming the field: neither JSON nor such a literal.
JsonNode decode_value(std::string_view text, std::string_view field);

// Of a field that is text and need not be JSON; a list of one text, as numpy prints it, is that
// text. Throws RankingError: it is another list.
JsonNode plain_value(std::string_view text, std::string_view field);

}  // namespace tensor_service
