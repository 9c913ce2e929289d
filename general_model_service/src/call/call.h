// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A request and its answer as bytes, whatever protocol carries them: what a Protocol reads and
// writes, and what the service answers.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "call/held_bytes.h"
#include "call/request.h"
#include "report/error.h"

namespace tensor_service {

using Clock = std::chrono::steady_clock;
using CallId = std::uint64_t;  // unique within a connection

// A request whose bytes have all arrived.
struct Call {
  CallId id = 0;
  std::string method = "POST";  // HTTP's; POST for the RPC protocols
  // HTTP path without query; for RPC "/<service full name>/<method>"
  std::string path;
  Format format = Format::kProto;
  std::string body;  // decompressed
  HeldBytes held;    // for the body, and then for the tensors it became
  std::optional<Clock::time_point> deadline;
  std::uint64_t log_id = 0;      // of the protocol's header, when it has one
  Clock::time_point received{};  // when its first byte was read
};

// The answer to one Call. Protocols turn status into their own numbers.
struct Reply {
  CallId id = 0;
  Status status = Status::kOk;
  std::string message;                                    // of an error; one line
  std::string content_type = "application/octet-stream";  // used by HTTP only
  std::string body;
};

}  // namespace tensor_service
