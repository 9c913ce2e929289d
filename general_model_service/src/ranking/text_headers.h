// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Header fields that change how a text request is answered, read as pipeline/edges/http/headers.py
// reads them.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "call/call.h"

namespace tensor_service {

// How a request came in.
struct Arrival {
  std::optional<Clock::time_point> deadline;
  std::string request_id;  // of the header, or empty
  bool dry_run = false;    // answer as ever, but leave no trace in experiments
};

// x-ranker as UTF-8; empty where there is none.
std::string ranker_of(const CallFields& fields);

// Of a call of RPC the deadline alone: its metadata name no other thing. Throws RankingError naming
// the header that is wrong.
Arrival arrival_of(const Call& call);

// The caller's id, when every answer may carry it; else empty.
std::string echoed_id(const CallFields& fields);

// 32 hexadecimal digits, as uuid4().hex has them.
std::string new_request_id();

}  // namespace tensor_service
