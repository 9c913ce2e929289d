// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Checks what a caller says of an answer it got: clicks and grades, by request id. As
// contract/wire/feedback.py and the gateway's bodies have it.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ranking/rank_request.h"
#include "ranking/values.h"
#include "records/record.h"

namespace tensor_service {

// The body of POST /feedback: fields of an object, or lists of keys and values. now: seconds since
// 1970. Throws RankingError: which field, and what is wrong with it; and what `more` throws, which
// is told before anything is decoded.
Feedback read_feedback(std::string_view body, const TextLimits& limits, double now,
                       const MoreBytes& more);

// Keys and values as RPC has them.
Feedback feedback_of_wire(const std::vector<std::string>& keys,
                          const std::vector<std::string>& values, const TextLimits& limits,
                          double now, const MoreBytes& more);

}  // namespace tensor_service
