// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "wire/http2_session.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>

namespace tensor_service {
namespace {

// Large enough that a body of some MB never waits for a window on a fast network. What a peer can
// make us keep is bounded by max_body and max_buffered, not by the windows.
constexpr std::int32_t kStreamWindow = 4 << 20;
constexpr std::int32_t kConnectionWindow = 16 << 20;
// Acknowledgements waiting to be sent; with more, the peer is flooding us with pings or settings.
constexpr std::size_t kMostAcknowledgements = 256;

// Views into the fields; nghttp2 copies them, the names in lower case.
std::vector<nghttp2_nv> views(const Http2Fields& fields) {
  const auto bytes = [](std::string_view text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  };
  std::vector<nghttp2_nv> all;
  all.reserve(fields.size());
  for (const auto& [name, value] : fields) {
    all.push_back({bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
  }
  return all;
}

std::string_view text(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

bool opens_request(const nghttp2_frame* frame) {
  return frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST;
}

bool ends_stream(const nghttp2_frame* frame) {
  const bool carries = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
  return carries && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
}

// nghttp2 is C: nothing may be thrown through it.
template <typename Work>
int guarded(Work work) {
  try {
    work();
    return 0;
  } catch (const std::bad_alloc&) {
    return NGHTTP2_ERR_CALLBACK_FAILURE;
  }
}

ssize_t read_answer(nghttp2_session* session, std::int32_t id, std::uint8_t* buffer,
                    std::size_t length, std::uint32_t* flags, nghttp2_data_source* source, void*) {
  Http2Answer& answer = *static_cast<Http2Answer*>(source->ptr);
  const std::size_t size = std::min(length, answer.body.size() - answer.sent);
  std::memcpy(buffer, answer.body.data() + answer.sent, size);
  answer.sent += size;
  if (answer.sent < answer.body.size()) {
    return static_cast<ssize_t>(size);
  }
  *flags |= NGHTTP2_DATA_FLAG_EOF;
  if (!answer.trailers.empty()) {
    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    const int failed = guarded([&] {
      const auto trailers = views(answer.trailers);
      if (nghttp2_submit_trailer(session, id, trailers.data(), trailers.size()) != 0) {
        throw std::bad_alloc();
      }
    });
    if (failed != 0) {
      return failed;
    }
  }
  return static_cast<ssize_t>(size);
}

struct Options {
  Options() {
    if (nghttp2_session_callbacks_new(&callbacks) != 0) {
      throw std::bad_alloc();
    }
    if (nghttp2_option_new(&option) != 0) {
      nghttp2_session_callbacks_del(callbacks);
      throw std::bad_alloc();
    }
    nghttp2_option_set_max_outbound_ack(option, kMostAcknowledgements);
    nghttp2_option_set_no_closed_streams(option, 1);
  }
  ~Options() {
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
  }
  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;

  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_option* option = nullptr;
};

}  // namespace

struct Http2Session::Callbacks {
  static int on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    return guarded([&] {
      if (opens_request(frame)) {
        events(self).on_begin(frame->hd.stream_id);
      }
    });
  }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                       std::uint8_t, void* self) {
    return guarded([&] {
      if (opens_request(frame)) {  // else a trailer
        events(self).on_field(frame->hd.stream_id, text(name, name_size), text(value, value_size));
      }
    });
  }

  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data,
                     std::size_t size, void* self) {
    return guarded([&] { events(self).on_body(id, text(data, size)); });
  }

  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    return guarded([&] {
      if (frame->hd.type == NGHTTP2_SETTINGS) {
        static_cast<Http2Session*>(self)->greeted_ = true;
      }
      if (opens_request(frame)) {
        events(self).on_head(frame->hd.stream_id, !ends_stream(frame));
      }
      if (ends_stream(frame)) {
        events(self).on_end(frame->hd.stream_id);
      }
    });
  }

  static int on_frame_sent(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    return guarded([&] {
      if (ends_stream(frame)) {
        events(self).on_answered(frame->hd.stream_id);
      }
    });
  }

  static int on_stream_closed(nghttp2_session*, std::int32_t id, std::uint32_t, void* self) {
    return guarded([&] { events(self).on_closed(id); });
  }

 private:
  static Http2Events& events(void* self) { return static_cast<Http2Session*>(self)->events_; }
};

Http2Session::Http2Session(Http2Events& events, const ProtocolLimits& limits) : events_(events) {
  const Options options;
  nghttp2_session_callbacks* callbacks = options.callbacks;
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, Callbacks::on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::on_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::on_data);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Callbacks::on_frame);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, Callbacks::on_frame_sent);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::on_stream_closed);
  nghttp2_session* session = nullptr;
  if (nghttp2_session_server_new2(&session, callbacks, this, options.option) != 0) {
    throw std::bad_alloc();
  }
  session_.reset(session);
  submit_settings(limits);
}

void Http2Session::submit_settings(const ProtocolLimits& limits) {
  const auto number = [](std::size_t value) {
    return static_cast<std::uint32_t>(std::min<std::size_t>(value, INT32_MAX));
  };
  const std::array<nghttp2_settings_entry, 4> settings = {{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, number(limits.max_concurrent_streams)},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, number(limits.max_header)},
      // the old priority tree is memory that a peer can grow for nothing
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  }};
  nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session_.get(), NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
}

void Http2Session::receive(std::string_view bytes) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  if (!broken_ && nghttp2_session_mem_recv(session_.get(), data, bytes.size()) < 0) {
    broken_ = true;
  }
}

void Http2Session::write(std::string& output, std::size_t size) {
  while (!is_over() && output.size() < size) {
    const std::uint8_t* data = nullptr;
    const ssize_t length = nghttp2_session_mem_send(session_.get(), &data);
    if (length <= 0) {
      broken_ = length < 0;
      return;
    }
    output.append(text(data, static_cast<std::size_t>(length)));
  }
}

void Http2Session::answer(std::int32_t id, Http2Answer& answer) {
  const std::vector<nghttp2_nv> head = views(answer.head);
  nghttp2_data_provider provider{};
  provider.source.ptr = &answer;
  provider.read_callback = read_answer;
  const bool head_only = answer.body.empty() && answer.trailers.empty();
  if (nghttp2_submit_response(session_.get(), id, head.data(), head.size(),
                              head_only ? nullptr : &provider) != 0) {
    reset(id);
  }
}

void Http2Session::reset(std::int32_t id) {
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, id, NGHTTP2_NO_ERROR);
}

void Http2Session::go_away() {
  nghttp2_submit_goaway(session_.get(), NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session_.get()), NGHTTP2_NO_ERROR,
                        nullptr, 0);
}

void Http2Session::calm() {
  nghttp2_session_terminate_session(session_.get(), NGHTTP2_ENHANCE_YOUR_CALM);
}

bool Http2Session::is_over() const {
  return broken_ || (nghttp2_session_want_read(session_.get()) == 0 &&
                     nghttp2_session_want_write(session_.get()) == 0);
}

std::size_t Http2Session::queued_frames() const {
  return nghttp2_session_get_outbound_queue_size(session_.get());
}

}  // namespace tensor_service
