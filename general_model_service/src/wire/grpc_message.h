// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// gRPC's own part of a stream, whatever carries it: the one length-prefixed message of a request,
// the prefix of an answer, the values of grpc-timeout and grpc-message. Used by http2_request.cc.

#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "call/held_bytes.h"
#include "report/error.h"

namespace tensor_service {

inline constexpr std::string_view kGrpcEncodings = "identity,deflate,gzip";

// Reads the message of a request: a byte that says whether it is compressed, its size in 32 bits,
// its bytes. All throw CallError.
class GrpcMessage {
 public:
  // Takes a piece of the body; at most max_body bytes of message, whose share held is.
  void append(std::string_view bytes, std::size_t max_body, HeldBytes& held);
  // The message as it came; encoded when the head names an encoding.
  std::string finish(bool encoded);

  bool is_compressed() const { return !prefix_.empty() && prefix_[0] == 1; }

  std::size_t size() const { return message_.size(); }

 private:
  void read_prefix(std::size_t max_body);

  std::string prefix_;
  std::size_t wanted_ = 0;
  std::string message_;
};

// An answer's message with its prefix, not compressed.
std::string grpc_framed(std::string_view message);

// "250m" and the like; nothing when it is not 1 to 8 digits and one of H M S m u n.
std::optional<std::chrono::nanoseconds> grpc_timeout(std::string_view value);

// Percent-encodes what a header field cannot carry; at most 1 KiB of the text.
std::string grpc_message_text(std::string_view text);

}  // namespace tensor_service
