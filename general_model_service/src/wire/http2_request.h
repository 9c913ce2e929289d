// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// One request of an HTTP/2 connection, gRPC or plain: header fields and body in, a Call out; its
// Reply in, header fields, body and trailers out. Used by grpc.cc.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "wire/grpc_message.h"
#include "wire/http2_session.h"
#include "wire/http_exchange.h"

namespace tensor_service {

class Http2Request {
 public:
  Http2Request(std::int32_t stream_id, const ProtocolLimits& limits)
      : id_(static_cast<CallId>(stream_id)),
        limits_(limits),
        received_(Clock::now()),
        head_(limits.shows_heads),
        held_bytes_(limits.budget, 0) {}

  void read_field(std::string_view name, std::string_view value);
  // The head is complete. Throws CallError when it makes no call.
  void end_head(bool has_body);
  // As the sink sees it.
  RequestHead shown() const;
  void let_in(Verdict&& verdict);
  // Takes a piece of the body. Throws CallError when that is too long or no gRPC message.
  void append(std::string_view bytes);
  // The stream is complete. Throws CallError for a body that cannot be read.
  Call finish();

  // When it began.
  Clock::time_point received() const { return received_; }

  // Bytes of the body kept so far.
  std::size_t held() const { return body_.size() + message_.size(); }

  Http2Answer answer(Reply&& reply) const;
  Http2Answer refuse(const CallError& error);

 private:
  void read_grpc_type(std::string_view value);
  void check_grpc_head() const;
  Http2Answer grpc_answer(const Reply& reply) const;

  const CallId id_;
  const ProtocolLimits& limits_;
  const Clock::time_point received_;
  HttpHead head_;
  std::size_t head_size_ = 0;
  std::size_t length_ = 0;  // that the caller says the body has
  bool is_grpc_ = false;
  bool is_proto_ = true;  // application/grpc+json and the like are not
  std::string grpc_encoding_;
  std::string grpc_timeout_;
  HeldBytes held_bytes_;  // a connection has many streams, so none has anything for nothing
  std::string body_;      // of a plain request
  GrpcMessage message_;   // of a gRPC call
};

}  // namespace tensor_service
