// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A request and its answer as bytes, whatever protocol carries them: what a Protocol reads and
// writes, and what the service answers.

#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "call/held_bytes.h"
#include "call/request.h"
#include "report/error.h"

namespace tensor_service {

using Clock = std::chrono::steady_clock;
using CallId = std::uint64_t;  // unique within a connection
// of an answer's head; the names are constants
using HeadFields = std::vector<std::pair<std::string_view, std::string>>;

class Pass;

inline constexpr std::string_view kRetryAfter = "Retry-After";

// Header fields of HTTP that the service reads itself, as they came, and of gRPC's
// metadata; baidu_std has none.
struct CallFields {
  std::optional<std::string> timeout_ms;  // x-timeout-ms
  std::optional<std::string> request_id;  // x-request-id
  std::optional<std::string> ranker;      // x-ranker
  std::optional<std::string> dry_run;     // x-dry-run
};

// A request whose bytes have all arrived.
struct Call {
  CallId id = 0;
  std::string method = "POST";  // HTTP's; POST for the RPC protocols
  // HTTP path without query; for RPC "/<service full name>/<method>"
  std::string path;
  std::string query;  // of HTTP, as it came
  Format format = Format::kProto;
  bool is_http = false;  // not one of the RPC protocols
  CallFields fields;
  std::string body;  // decompressed
  HeldBytes held;    // for the body, and then for the tensors it became
  std::optional<Clock::time_point> deadline;
  std::uint64_t log_id = 0;      // of the protocol's header, when it has one
  std::shared_ptr<Pass> pass;    // what the door gave it; null: there is no door
  Clock::time_point received{};  // when its first byte was read
};

// What is known of a call that a protocol refuses before it is complete.
struct RefusedCall {
  std::string_view path;
  bool is_http = false;
  const CallFields& fields;
  std::size_t max_body = 0;
  bool body_too_long = false;  // than that
};

// The answer to one Call. Protocols turn status into their own numbers.
struct Reply {
  CallId id = 0;
  Status status = Status::kOk;
  std::string message;  // of an error; one line
  // Used by HTTP only: empty leaves the type to the request's format.
  std::string content_type;
  std::optional<int> http_status;  // in place of the status's own
  HeadFields fields;
  std::string body;
};

}  // namespace tensor_service
