// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A client's end of an HTTP/2 connection, by nghttp2, wired to a Protocol without a socket. Used by
// the gRPC tests.

#pragma once

#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/protocol.h"

namespace tensor_service {

using Http2PeerFields = std::vector<std::pair<std::string, std::string>>;

inline std::string grpc_frame(const std::string& message, char compressed = 0) {
  std::string framed(1, compressed);
  for (const int shift : {24, 16, 8, 0}) {
    framed += static_cast<char>(message.size() >> shift);
  }
  return framed + message;
}

class Http2Peer {
 public:
  struct Answer {
    std::map<std::string, std::string> head;
    std::string body;
    std::map<std::string, std::string> trailers;
    bool ended = false;  // by END_STREAM
    std::optional<std::uint32_t> closed;
  };

  // window is the size of a stream's receive window.
  explicit Http2Peer(Protocol& protocol, std::uint32_t window = 1U << 20U) : protocol_(protocol) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    nghttp2_session_client_new(&session, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    const nghttp2_settings_entry entry{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window};
    nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, &entry, 1);
  }
  ~Http2Peer() { nghttp2_session_del(session); }
  Http2Peer(const Http2Peer&) = delete;
  Http2Peer& operator=(const Http2Peer&) = delete;

  // Opens a stream; its body ends the stream unless open is set.
  std::int32_t request(const Http2PeerFields& fields, const std::string& body, bool open = false) {
    std::vector<nghttp2_nv> head;
    for (const auto& [name, value] : fields) {
      head.push_back({bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
    }
    bodies_.push_back(std::make_unique<Body>(Body{body, open}));
    nghttp2_data_provider provider{};
    provider.source.ptr = bodies_.back().get();
    provider.read_callback = read_body;
    const bool bare = body.empty() && !open;
    return nghttp2_submit_request(session, nullptr, head.data(), head.size(),
                                  bare ? nullptr : &provider, nullptr);
  }

  std::int32_t call(const std::string& body, Http2PeerFields more = {}, bool open = false) {
    Http2PeerFields fields = {{":method", "POST"},
                              {":scheme", "http"},
                              {":path", "/package.Service/inference"},
                              {":authority", "localhost"},
                              {"content-type", "application/grpc"},
                              {"te", "trailers"}};
    fields.insert(fields.end(), more.begin(), more.end());
    return request(fields, body, open);
  }

  // Bytes that are to be sent.
  std::string take() {
    std::string all;
    const std::uint8_t* data = nullptr;
    for (ssize_t size = 0; (size = nghttp2_session_mem_send(session, &data)) > 0;) {
      all.append(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
    }
    return all;
  }

  // Moves bytes both ways until neither side has any.
  void exchange() {
    for (bool moved = true; moved;) {
      const std::string out = take();
      if (!out.empty()) {
        protocol_.receive(out);
      }
      const std::string in = protocol_.take_output();
      moved = !out.empty() || !in.empty();
      largest_output = std::max(largest_output, in.size());
      nghttp2_session_mem_recv(session, bytes(in), in.size());
    }
  }

  nghttp2_session* session = nullptr;
  std::map<std::int32_t, Answer> answers;
  std::optional<std::uint32_t> goaway;
  std::size_t largest_output = 0;

 private:
  struct Body {
    std::string bytes;
    bool open;
    std::size_t sent = 0;
  };

  static std::uint8_t* bytes(std::string_view text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  }

  static Http2Peer& peer(void* self) { return *static_cast<Http2Peer*>(self); }

  static ssize_t read_body(nghttp2_session*, std::int32_t, std::uint8_t* buffer, std::size_t size,
                           std::uint32_t* flags, nghttp2_data_source* source, void*) {
    Body& body = *static_cast<Body*>(source->ptr);
    size = std::min(size, body.bytes.size() - body.sent);
    if (size == 0 && body.open) {
      return NGHTTP2_ERR_DEFERRED;
    }
    std::memcpy(buffer, body.bytes.data() + body.sent, size);
    body.sent += size;
    if (body.sent == body.bytes.size() && !body.open) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    return static_cast<ssize_t>(size);
  }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                       std::uint8_t, void* self) {
    Answer& answer = peer(self).answers[frame->hd.stream_id];
    auto& fields = frame->headers.cat == NGHTTP2_HCAT_RESPONSE ? answer.head : answer.trailers;
    fields[{reinterpret_cast<const char*>(name), name_size}] = {
        reinterpret_cast<const char*>(value), value_size};
    return 0;
  }

  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data,
                     std::size_t size, void* self) {
    peer(self).answers[id].body.append(reinterpret_cast<const char*>(data), size);
    return 0;
  }

  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    if (frame->hd.type == NGHTTP2_GOAWAY) {
      peer(self).goaway = frame->goaway.error_code;
    }
    const bool carries = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (carries && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
      peer(self).answers[frame->hd.stream_id].ended = true;
    }
    return 0;
  }

  static int on_close(nghttp2_session*, std::int32_t id, std::uint32_t error, void* self) {
    peer(self).answers[id].closed = error;
    return 0;
  }

  Protocol& protocol_;
  std::vector<std::unique_ptr<Body>> bodies_;
};

}  // namespace tensor_service
