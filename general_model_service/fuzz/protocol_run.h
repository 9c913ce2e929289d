// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// One input through one Protocol, as a peer and a service might treat it, with the rules that hold
// whatever the bytes are. Called by the fuzz targets, and by the tests with the corpus; throws
// std::logic_error when a rule is broken.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "wire/protocol.h"

// There with AddressSanitizer only.
extern "C" __attribute__((weak)) std::size_t __sanitizer_get_current_allocated_bytes();

namespace tensor_service {

// Small, so that short inputs reach them.
inline constexpr ProtocolLimits kFuzzLimits = {.max_body = 4096,
                                               .max_header = 512,
                                               .max_concurrent_streams = 4,
                                               .max_buffered = 2048,
                                               .compress_threshold = 64};

using ProtocolMaker = std::unique_ptr<Protocol> (*)(CallSink&, const ProtocolLimits&);

// The last four bytes of the input decide where the rest is cut, when calls are answered and how.
class ProtocolRun : private CallSink {
 public:
  ProtocolRun(ProtocolMaker make, std::string_view input) {
    for (int i = 0; i < 4 && !input.empty(); ++i) {
      chance_ = chance_ << 8U | static_cast<unsigned char>(input.back());
      input.remove_suffix(1);
    }
    input_ = input;
    rounds_ = 1 + chance(4) / 3 * 7;  // sometimes again and again, to see what piles up
    allocated_before_ = allocated();
    protocol_ = make(*this, kFuzzLimits);
  }

  void run() {
    for (std::size_t round = 0; round < rounds_ && !closed_; ++round) {
      for (std::string_view rest = input_; !rest.empty() && !closed_;) {
        const std::string_view piece = rest.substr(0, piece_size());
        rest.remove_prefix(piece.size());
        make_room();
        if (!closed_) {
          protocol_->receive(piece);
          check();
          act();
        }
      }
    }
    finish();
  }

 private:
  void on_call(Call&& call) override {
    rule(!closed_, "a call after wants_close()");
    rule(seen_.insert(call.id).second, "two calls with one id");
    rule(call.body.size() <= kFuzzLimits.max_body, "a body longer than max_body");
    rule(!call.deadline || *call.deadline >= call.received, "a deadline before the request");
    open_.insert(call.id);
    rule(open_.size() <= kFuzzLimits.max_concurrent_streams, "more open calls than allowed");
    if (chance(3) == 0) {
      answer(call.id);  // from inside, as a service may that has nothing to compute
    }
  }

  void on_cancel(CallId id) override {
    rule(open_.erase(id) == 1, "a cancelled call that was not open");
  }

  void on_refused(Status status) override { rule(status != Status::kOk, "refused as good"); }

  static void rule(bool holds, const char* broken) {
    if (!holds) {
      throw std::logic_error(broken);
    }
  }

  static std::size_t allocated() {
    return __sanitizer_get_current_allocated_bytes != nullptr
               ? __sanitizer_get_current_allocated_bytes()
               : 0;
  }

  std::size_t chance(std::size_t below) {
    chance_ = chance_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<std::size_t>(chance_ >> 33U) % below;
  }

  std::size_t piece_size() {
    switch (chance(4)) {
      case 0:
        return 1;
      case 1:
        return 1 + chance(16);
      case 2:
        return 1 + chance(256);
      default:
        return 4096;
    }
  }

  void answer(CallId id) {
    constexpr std::size_t kStatuses = static_cast<std::size_t>(Status::kInternal) + 1;
    Reply reply;
    reply.id = id;
    reply.status = chance(2) == 0 ? Status::kOk : static_cast<Status>(chance(kStatuses));
    reply.message = input_.substr(0, chance(64));
    reply.body.assign(chance(3) == 0 ? chance(5000) : chance(100), 'r');
    open_.erase(id);
    protocol_->reply(std::move(reply));
  }

  void take() {
    const std::string output = protocol_->take_output();
    rule(output.empty() || !silent_, "output after the last output of a closed connection");
    silent_ = closed_ && output.empty();
  }

  // What holds between any two calls of the protocol.
  void check() {
    rule(!closed_ || protocol_->wants_close(), "wants_close() taken back");
    closed_ = protocol_->wants_close();
    rule(!closed_ || open_.empty(), "closed with a call neither answered nor cancelled");
    rule((protocol_->stage() == Stage::kAnswering) == !open_.empty(), "stage() and open calls");
    const std::size_t kept = allocated();
    rule(kept < allocated_before_ + kMostKept, "too much memory kept");
  }

  void act() {
    while (!open_.empty() && chance(2) == 0) {
      auto call = open_.begin();
      std::advance(call, chance(open_.size()));
      answer(*call);
      check();
    }
    if (chance(4) != 0) {
      take();
      check();
    }
    if (chance(64) == 0) {
      protocol_->drain();
      check();
    }
    if (chance(16) == 0) {
      Reply of_no_call;
      of_no_call.id = chance(1000) + 1'000'000;
      protocol_->reply(std::move(of_no_call));
      check();
    }
  }

  // Answers and takes until the protocol wants to read; it must, once nothing is left to do.
  void make_room() {
    while (!protocol_->wants_read() && !closed_) {
      const std::size_t open = open_.size();
      if (open > 0) {
        answer(*open_.begin());
        check();
      }
      const std::string output = protocol_->take_output();
      check();
      rule(open > 0 || !output.empty() || protocol_->wants_read() || closed_,
           "neither reads nor writes nor closes");
    }
  }

  void finish() {
    if (chance(2) == 0) {
      protocol_->drain();
      check();
    }
    for (int quiet = 0; quiet < 2;) {
      const bool busy = !open_.empty();
      if (busy) {
        answer(*open_.begin());
        check();
      }
      const bool wrote = !protocol_->take_output().empty();
      check();
      quiet = busy || wrote ? 0 : quiet + 1;
    }
    take();
    if (closed_) {
      protocol_->receive(input_);
      check();
      take();
    }
  }

  // Bodies and outputs within their limits are below 40 KiB; the rest is nghttp2's own.
  static constexpr std::size_t kMostKept = 256U << 10U;

  std::string_view input_;
  std::uint64_t chance_ = 0;
  std::size_t rounds_ = 1;
  std::size_t allocated_before_ = 0;
  std::unique_ptr<Protocol> protocol_;
  std::set<CallId> open_;
  std::set<CallId> seen_;
  bool closed_ = false;
  bool silent_ = false;  // closed, and the last output was taken
};

inline void run_http1(std::string_view input) { ProtocolRun(make_http1, input).run(); }

inline void run_baidu_std(std::string_view input) { ProtocolRun(make_baidu_std, input).run(); }

// Frames from bytes that need not know their lengths: type and flags, stream, length, payload.
// Random changes then meet the requests and not only the framing.
inline std::string http2_frames(std::string_view input) {
  std::string frames("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33);
  const std::string_view seed = input.substr(input.size() - std::min<std::size_t>(input.size(), 4));
  input.remove_suffix(seed.size());
  while (input.size() >= 3) {
    const std::size_t size = static_cast<unsigned char>(input[2]);
    const std::string_view payload = input.substr(3, size);
    frames += {'\0', '\0', static_cast<char>(payload.size())};
    frames += static_cast<char>(input[0] & 0x0F);               // type
    frames += static_cast<char>(input[0] >> 4 & 0x0F);          // flags: END_STREAM, END_HEADERS
    frames += {'\0', '\0', '\0', static_cast<char>(input[1])};  // stream
    frames += payload;
    input.remove_prefix(3 + payload.size());
  }
  return frames.append(seed);
}

// The bytes of a connection when they begin as one, else the parts of frames.
inline void run_grpc(std::string_view input) {
  if (input.starts_with("PRI")) {
    ProtocolRun(make_grpc, input).run();
  } else {
    const std::string frames = http2_frames(input);
    ProtocolRun(make_grpc, frames).run();
  }
}

}  // namespace tensor_service
