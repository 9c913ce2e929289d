// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The server's end of an HTTP/2 connection, kept by nghttp2: bytes in, events of its streams out;
// answers in, bytes out. Used by grpc.cc.

#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/protocol.h"

namespace tensor_service {

using Http2Fields = std::vector<std::pair<std::string_view, std::string>>;

struct Http2Answer {
  Http2Fields head;  // ":status" first; names may have any case
  std::string body;
  Http2Fields trailers;  // none: the head or the body ends the stream
  std::size_t sent = 0;  // of the body
};

// What happens on the streams. Called from inside receive() and write(); may call answer() and
// reset(), and throw nothing but std::bad_alloc, which ends the session.
class Http2Events {
 public:
  virtual ~Http2Events() = default;
  virtual void on_begin(std::int32_t id) = 0;
  virtual void on_field(std::int32_t id, std::string_view name, std::string_view value) = 0;
  virtual void on_head(std::int32_t id, bool has_body) = 0;
  virtual void on_body(std::int32_t id, std::string_view bytes) = 0;
  virtual void on_end(std::int32_t id) = 0;       // the request is complete
  virtual void on_answered(std::int32_t id) = 0;  // the answer is written to its end
  virtual void on_closed(std::int32_t id) = 0;    // nothing follows, whoever ended it
};

class Http2Session {
 public:
  Http2Session(Http2Events& events, const ProtocolLimits& limits);

  void receive(std::string_view bytes);
  // Appends what is to be sent, until output has about size bytes.
  void write(std::string& output, std::size_t size);

  // Sends the answer; it must stay where it is until on_closed.
  void answer(std::int32_t id, Http2Answer& answer);
  void reset(std::int32_t id);
  // Takes no new streams; is over when those there are closed.
  void go_away();
  // Ends the session and tells the peer that it asks too much.
  void calm();

  // True when nothing is left to read or write; stays so. Answers are not looked at any more.
  bool is_over() const;
  // True once the peer's preface and settings have arrived.
  bool greeted() const { return greeted_; }
  // Frames waiting that carry no body.
  std::size_t queued_frames() const;

 private:
  struct Callbacks;
  struct Delete {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };

  void submit_settings(const ProtocolLimits& limits);

  Http2Events& events_;
  std::unique_ptr<nghttp2_session, Delete> session_;
  bool greeted_ = false;
  bool broken_ = false;
};

}  // namespace tensor_service
