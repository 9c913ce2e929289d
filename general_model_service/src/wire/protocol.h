// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// One connection's wire format, without the socket: bytes in, calls out; replies in, bytes out.
// connection.cc owns one Protocol per socket and calls it from one thread at a time; the fuzz
// targets feed it bytes directly.

#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "call/call.h"
#include "call/head.h"
#include "report/error.h"

namespace tensor_service {

// Who takes the calls. All functions may be called from inside Protocol::receive, reply and
// take_output only.
class CallSink {
 public:
  virtual ~CallSink() = default;
  // A request's head has come, where ProtocolLimits::shows_heads; at once for each request.
  virtual Verdict on_head(const RequestHead&) { return {}; }
  virtual void on_call(Call&& call) = 0;
  // The caller no longer wants it; a reply() may still follow and is then dropped.
  virtual void on_cancel(CallId id) = 0;
  // The protocol has answered a request itself: it was not one, or too large, or too late.
  virtual void on_refused(Status status) = 0;
};

// How the message begins when a body is longer than that.
inline constexpr std::string_view kBodyTooLong = "body longer than ";

struct ProtocolLimits {
  std::size_t max_body = 64U << 20U;         // bytes of a body, also after decompression
  std::size_t max_header = 16U << 10U;       // bytes of an HTTP head or header list
  std::size_t max_concurrent_streams = 256;  // of one gRPC connection
  std::size_t max_buffered = 1U << 20U;      // pipelined bytes kept before reading stops
  std::size_t compress_threshold = 512;      // answers shorter than this are not gzipped
  ByteBudget* budget = nullptr;              // what the bodies of all connections may hold
  bool shows_heads = false;                  // heads go to CallSink::on_head, with DoorFields
  // Paths of HTTP whose callers may call a body's type what they like, and whose x-timeout-ms the
  // service checks itself; null: none.
  bool (*reads_fields)(std::string_view path) = nullptr;
  // The answer to a call that is refused here, where the service words those of its path itself;
  // null, or nothing: the protocol tells the error.
  std::optional<Reply> (*refusal)(const RefusedCall& call, const CallError& error) = nullptr;
};

enum class Stage {
  kIdle,       // between messages; the peer may take its time
  kReceiving,  // part of a message has arrived; the rest is due
  kAnswering,  // a call is with the service
};

class Protocol {
 public:
  virtual ~Protocol() = default;

  // Takes everything of bytes, calling the sink for each complete request. Errors of the peer are
  // answered in the output and never thrown.
  virtual void receive(std::string_view bytes) = 0;

  // Answers a call; unknown or cancelled ids are ignored. May, with pipelined input waiting,
  // call the sink again.
  virtual void reply(Reply&& reply) = 0;

  // Bytes to send, moved out; empty when there are none. Ask again once they are sent: a large
  // answer comes in pieces. May, with pipelined input that waited for this, call the sink.
  virtual std::string take_output() = 0;

  // False while the peer has sent more than is good to keep; ask again after reply()
  // and take_output().
  virtual bool wants_read() const = 0;

  // True when the connection is to be closed once the output is sent.
  virtual bool wants_close() const = 0;

  virtual Stage stage() const = 0;

  // While receiving: what has begun to come is a body.
  virtual bool in_body() const { return true; }

  // The body that comes is too late: answers its request by `late` and closes. False: it cannot be
  // answered by itself.
  virtual bool give_up(const std::function<Reply(const RequestHead&)>& late) {
    static_cast<void>(late);
    return false;
  }

  // Of a connection with many requests: answers by `late` those whose bodies began before that
  // moment and are not whole.
  virtual void expire(Clock::time_point before,
                      const std::function<Reply(const RequestHead&)>& late) {
    static_cast<void>(before);
    static_cast<void>(late);
  }

  // No new calls from now on: answers what is open, then wants_close(). For a shutdown.
  virtual void drain() = 0;
};

// The protocol that begins with these bytes: "PRPC" is baidu_std, HTTP/2's preface is gRPC, all
// else is HTTP/1. Null while the bytes (at most 4) do not tell yet. The caller then feeds the same
// bytes to receive().
std::unique_ptr<Protocol> sniff_protocol(std::string_view first_bytes, CallSink& sink,
                                         const ProtocolLimits& limits);

std::unique_ptr<Protocol> make_http1(CallSink& sink, const ProtocolLimits& limits);
std::unique_ptr<Protocol> make_baidu_std(CallSink& sink, const ProtocolLimits& limits);
std::unique_ptr<Protocol> make_grpc(CallSink& sink, const ProtocolLimits& limits);

}  // namespace tensor_service
