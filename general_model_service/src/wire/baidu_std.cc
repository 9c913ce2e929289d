// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// baidu_std, brpc's own protocol: bytes in, calls out, many open at once; replies in, in any order,
// bytes out. Made by sniff_protocol.

#include <new>
#include <unordered_map>

#include "wire/baidu_message.h"
#include "wire/compression.h"
#include "wire/kept_input.h"

namespace tensor_service {
namespace {

constexpr int kUncompressed = 0;  // of brpc's CompressType
constexpr int kGzip = 2;
constexpr int kZlib = 3;

class BaiduStd final : public Protocol {
 public:
  BaiduStd(CallSink& sink, const ProtocolLimits& limits)
      : sink_(sink), limits_(limits), reader_(limits) {}

  void receive(std::string_view bytes) override {
    if (closing_) {
      return;
    }
    if (kept_.empty()) {
      parse(bytes);  // without a copy, where nothing waits
      if (!closing_) {
        kept_.append(bytes);
      }
      return;
    }
    kept_.append(bytes);
    parse_kept();
  }

  void reply(Reply&& reply) override {
    const auto call = open_.find(reply.id);
    if (call == open_.end()) {
      return;
    }
    append_baidu_reply(output_, call->second.correlation_id, reply);
    held_ -= call->second.size;
    open_.erase(call);
    if (draining_ && open_.empty()) {
      close();
    }
    parse_kept();
  }

  std::string take_output() override {
    std::string output = std::move(output_);
    output_.clear();
    parse_kept();
    return output;
  }

  bool wants_read() const override { return !closing_ && !is_full(); }
  bool wants_close() const override { return closing_; }

  Stage stage() const override {
    if (!open_.empty()) {
      return Stage::kAnswering;
    }
    const bool begun = !reader_.between_messages() || !kept_.empty();
    return !closing_ && begun ? Stage::kReceiving : Stage::kIdle;
  }

  void drain() override {
    draining_ = true;
    if (open_.empty()) {
      close();
    }
  }

 private:
  struct OpenCall {
    std::int64_t correlation_id = 0;
    std::size_t size = 0;  // of its body
  };

  // Nothing more is parsed then. The bodies of open calls count, so that a connection holds at most
  // three times max_body: this much, the body that went beyond it, and one being received.
  bool is_full() const {
    return open_.size() >= limits_.max_concurrent_streams || held_ > limits_.max_body ||
           output_.size() > limits_.max_buffered;
  }

  void parse_kept() {
    if (parsing_ || kept_.empty()) {
      return;
    }
    std::string_view input = kept_.view();
    parse(input);
    kept_.keep_last(closing_ ? 0 : input.size());
  }

  // The sink may call reply() from inside; parsing_ then keeps the work in this loop.
  void parse(std::string_view& input) {
    parsing_ = true;
    try {
      while (!closing_ && !is_full() && step(input)) {
      }
    } catch (const std::bad_alloc&) {
      close();
    }
    parsing_ = false;
  }

  bool step(std::string_view& input) {
    switch (read(input)) {
      case BaiduEvent::kNone:
        return false;
      case BaiduEvent::kMeta:
        on_meta();
        return true;
      case BaiduEvent::kMessage:
        on_message();
        return true;
      case BaiduEvent::kLost:
        close();
        return false;
    }
    return false;
  }

  // A payload that has no place is answered; the rest of it is skipped.
  BaiduEvent read(std::string_view& input) {
    while (true) {
      try {
        return reader_.read(input);
      } catch (const CallError& error) {
        refuse(error);
      }
    }
  }

  void on_meta() {
    const int compression = reader_.meta().compress_type();
    auto refusal = reader_.refusal();
    if (!refusal && compression != kUncompressed && compression != kGzip && compression != kZlib) {
      refusal.emplace(Status::kUnsupported,
                      "RpcMeta.compress_type: " + std::to_string(compression) +
                          " is not read here; send 0 (none), 2 (gzip) or 3 "
                          "(zlib)");
    }
    if (!refusal && draining_) {
      refusal.emplace(Status::kUnavailable, "the service is shutting down; connect again");
    }
    if (refusal) {
      reader_.skip_payload();
      refuse(*refusal);
    } else if (limits_.shows_heads) {
      show_head();
    }
  }

  void show_head() {
    const std::string path = path_of(reader_.meta().request());
    Verdict verdict = sink_.on_head({.path = path});
    pass_ = std::move(verdict.pass);
    if (verdict.refusal) {
      reader_.skip_payload();
      append_baidu_reply(output_, reader_.meta().correlation_id(), *verdict.refusal);
    }
  }

  static std::string path_of(const baidu_std::RpcRequestMeta& request) {
    return "/" + request.service_name() + "/" + request.method_name();
  }

  void on_message() {
    const baidu_std::RpcMeta& meta = reader_.meta();
    const baidu_std::RpcRequestMeta& request = meta.request();
    try {
      Call call;
      call.body = reader_.take_payload();
      call.held = reader_.take_held();
      if (meta.compress_type() != kUncompressed) {
        inflate_body(call, limits_.max_body);
      }
      call.id = ++last_id_;
      call.path = path_of(request);
      call.pass = std::move(pass_);
      call.received = reader_.received();
      call.log_id = static_cast<std::uint64_t>(request.log_id());
      if (request.timeout_ms() > 0) {
        call.deadline = call.received + std::chrono::milliseconds(request.timeout_ms());
      }
      held_ += call.body.size();
      open_.emplace(call.id, OpenCall{meta.correlation_id(), call.body.size()});
      sink_.on_call(std::move(call));
    } catch (const CallError& error) {
      refuse(error);
    }
  }

  // Answers the message that is being read. Its status is one that brpc has a number for.
  void refuse(const CallError& error) {
    Reply reply;
    reply.status = error.status();
    reply.message = error.what();
    sink_.on_refused(error.status());
    append_baidu_reply(output_, reader_.meta().correlation_id(), reply);
  }

  // The peer's bytes make no sense any more, or all is answered.
  void close() {
    closing_ = true;
    for (const auto& [id, call] : open_) {
      sink_.on_cancel(id);
    }
    open_.clear();
    held_ = 0;
    if (!parsing_) {
      kept_.clear();
    }
  }

  CallSink& sink_;
  const ProtocolLimits limits_;

  KeptInput kept_;
  BaiduReader reader_;
  std::unordered_map<CallId, OpenCall> open_;
  std::size_t held_ = 0;  // bytes of the open calls' bodies
  CallId last_id_ = 0;
  std::shared_ptr<Pass> pass_;  // of the message that is being read

  std::string output_;
  bool parsing_ = false;
  bool draining_ = false;
  bool closing_ = false;
};

}  // namespace

std::unique_ptr<Protocol> make_baidu_std(CallSink& sink, const ProtocolLimits& limits) {
  return std::make_unique<BaiduStd>(sink, limits);
}

}  // namespace tensor_service
