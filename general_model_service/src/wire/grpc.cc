// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// gRPC and plain requests over HTTP/2: bytes in, calls out, many open at once; replies
// in, bytes out. Made by sniff_protocol. Keeps the requests of the session and holds the peer to
// the limits.

#include <algorithm>
#include <new>
#include <unordered_map>
#include <utility>
#include <vector>

#include "wire/http2_request.h"
#include "wire/http2_session.h"

namespace tensor_service {
namespace {

// Frames without a body that wait to be sent, before reading stops.
constexpr std::size_t kMostQueuedFrames = 4096;

struct Stream {
  Stream(std::int32_t id, const ProtocolLimits& limits) : request(id, limits) {}

  Http2Request request;
  bool complete = false;  // all of the request has arrived
  bool called = false;    // the service has the call
  std::size_t held = 0;   // bytes of the body, here or with the service
  bool answered = false;  // the session has the answer
  bool sent = false;      // to its end
  Http2Answer answer;
};

class Grpc final : public Protocol, private Http2Events {
 public:
  Grpc(CallSink& sink, const ProtocolLimits& limits)
      : sink_(sink), limits_(limits), session_(*this, limits_) {}

  void receive(std::string_view bytes) override {
    if (!wants_close()) {
      session_.receive(bytes);
      settle();
    }
  }

  void reply(Reply&& reply) override {
    const auto id = static_cast<std::int32_t>(reply.id);
    Stream* stream = reply.id <= INT32_MAX ? find(id) : nullptr;
    if (stream == nullptr || !stream->called || stream->answered) {
      return;
    }
    --open_calls_;
    send(id, *stream, stream->request.answer(std::move(reply)));
    settle();
  }

  std::string take_output() override {
    settle();
    std::string output = std::move(output_);
    output_.clear();
    return output;
  }

  bool wants_read() const override {
    return !wants_close() && output_.size() < limits_.max_buffered &&
           session_.queued_frames() < kMostQueuedFrames;
  }

  bool wants_close() const override { return session_.is_over(); }

  // An answer that waits for the peer's window does not hurry the peer.
  Stage stage() const override {
    if (open_calls_ > 0) {
      return Stage::kAnswering;
    }
    const bool receiving = std::any_of(streams_.begin(), streams_.end(), [](const auto& entry) {
      return !entry.second.complete && !entry.second.answered;
    });
    return !wants_close() && (receiving || !session_.greeted()) ? Stage::kReceiving : Stage::kIdle;
  }

  void expire(Clock::time_point before,
              const std::function<Reply(const RequestHead&)>& late) override {
    for (auto& [id, stream] : streams_) {
      if (!stream.complete && !stream.answered && stream.request.received() < before) {
        Reply reply = late(stream.request.shown());
        sink_.on_refused(reply.status);
        send(id, stream, stream.request.answer(std::move(reply)));
      }
    }
    settle();
  }

  void drain() override {
    if (draining_ || wants_close()) {
      return;
    }
    draining_ = true;
    for (auto& [id, stream] : streams_) {
      if (!stream.complete && !stream.answered) {
        refuse(id, stream,
               CallError(Status::kUnavailable, "the service is shutting down; connect again"));
      }
    }
    session_.go_away();
    settle();
  }

 private:
  Stream* find(std::int32_t id) {
    const auto stream = streams_.find(id);
    return stream == streams_.end() ? nullptr : &stream->second;
  }

  void on_begin(std::int32_t id) override { streams_.try_emplace(id, id, limits_); }

  void on_field(std::int32_t id, std::string_view name, std::string_view value) override {
    if (Stream* stream = find(id)) {
      stream->request.read_field(name, value);
    }
  }

  void on_head(std::int32_t id, bool has_body) override {
    take(id, [this, id, has_body](Stream& stream) {
      stream.request.end_head(has_body);
      if (limits_.shows_heads) {
        show(id, stream);
      }
    });
  }

  void show(std::int32_t id, Stream& stream) {
    Verdict verdict = sink_.on_head(stream.request.shown());
    std::optional<Reply> refusal = std::move(verdict.refusal);
    stream.request.let_in(std::move(verdict));
    if (refusal) {
      send(id, stream, stream.request.answer(std::move(*refusal)));
    }
  }

  void on_body(std::int32_t id, std::string_view bytes) override {
    take(id, [this, bytes](Stream& stream) {
      stream.request.append(bytes);
      hold(stream, stream.request.held());
    });
  }

  void on_end(std::int32_t id) override {
    if (Stream* stream = find(id)) {
      stream->complete = true;
      complete_.push_back(id);
    }
  }

  void on_answered(std::int32_t id) override {
    if (Stream* stream = find(id)) {
      stream->sent = true;
      if (!stream->complete) {
        session_.reset(id);  // answered early: the peer may stop sending its body
      }
    }
  }

  void on_closed(std::int32_t id) override {
    Stream* stream = find(id);
    if (stream == nullptr) {
      return;
    }
    if (stream->called && !stream->answered) {
      --open_calls_;
      cancelled_.push_back(static_cast<CallId>(id));
    }
    ++(stream->sent ? answered_ : fruitless_);
    held_ -= stream->held;
    streams_.erase(id);
  }

  // Lets the stream take a part of its request, or answers what is wrong with it.
  template <typename Work>
  void take(std::int32_t id, Work work) {
    Stream* stream = find(id);
    if (stream == nullptr || stream->answered) {
      return;
    }
    try {
      work(*stream);
    } catch (const CallError& error) {
      refuse(id, *stream, error);
    } catch (const std::bad_alloc&) {
      refuse(id, *stream,
             CallError(Status::kNoMemory, "not enough memory for this body; send fewer rows"));
    }
  }

  // Counts a stream's body, and refuses it when the connection's are too much together.
  void hold(Stream& stream, std::size_t size) {
    held_ = held_ - stream.held + size;
    stream.held = size;
    if (held_ > limits_.max_body && held_ - limits_.max_body > limits_.max_buffered) {
      throw CallError(Status::kOverloaded,
                      "this connection's requests are too large together; wait for answers or use "
                      "more connections");
    }
  }

  void refuse(std::int32_t id, Stream& stream, const CallError& error) {
    sink_.on_refused(error.status());
    send(id, stream, stream.request.refuse(error));
  }

  void send(std::int32_t id, Stream& stream, Http2Answer&& answer) {
    held_ -= stream.held;
    stream.held = 0;
    stream.answered = true;
    stream.answer = std::move(answer);
    session_.answer(id, stream.answer);
  }

  // Tells the sink what has happened and writes what is to be sent. The sink may call reply() from
  // inside; settling_ then keeps the work in this loop.
  void settle() {
    if (settling_) {
      return;
    }
    settling_ = true;
    // streams that a peer opens and resets cost work and get it nothing; a client that gives up
    // on all it has open, now and then, stays below this
    if (fruitless_ > answered_ + 2 * limits_.max_concurrent_streams) {
      session_.calm();
      complete_.clear();
    }
    deliver();
    session_.write(output_, limits_.max_buffered);
    if (session_.is_over()) {
      abandon();
    }
    for (const CallId id : std::exchange(cancelled_, {})) {
      sink_.on_cancel(id);
    }
    settling_ = false;
  }

  void deliver() {
    for (const std::int32_t id : std::exchange(complete_, {})) {
      take(id, [this](Stream& stream) {
        Call call = stream.request.finish();
        hold(stream, call.body.size());
        stream.called = true;
        ++open_calls_;
        sink_.on_call(std::move(call));
      });
    }
  }

  // The session is over: what is open has lost its caller.
  void abandon() {
    for (const auto& [id, stream] : streams_) {
      if (stream.called && !stream.answered) {
        cancelled_.push_back(static_cast<CallId>(id));
      }
    }
    streams_.clear();
    complete_.clear();
    open_calls_ = 0;
    held_ = 0;
  }

  CallSink& sink_;
  const ProtocolLimits limits_;
  std::unordered_map<std::int32_t, Stream> streams_;  // before session_, which refers to answers
  std::vector<std::int32_t> complete_;                // whose calls are to be delivered
  std::vector<CallId> cancelled_;
  std::size_t open_calls_ = 0;
  std::size_t held_ = 0;
  std::size_t answered_ = 0;   // streams answered to the end
  std::size_t fruitless_ = 0;  // streams closed before that
  std::string output_;
  bool settling_ = false;
  bool draining_ = false;
  Http2Session session_;
};

}  // namespace

std::unique_ptr<Protocol> make_grpc(CallSink& sink, const ProtocolLimits& limits) {
  return std::make_unique<Grpc>(sink, limits);
}

}  // namespace tensor_service
