// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// HTTP/1.0 and 1.1: bytes in, calls out, one open at a time; replies in, bytes out. Made by
// sniff_protocol. What follows an open call is kept and parsed after its reply.

#include <algorithm>
#include <new>

#include "wire/http1_request.h"
#include "wire/http_exchange.h"
#include "wire/kept_input.h"

namespace tensor_service {
namespace {

using boost::beast::error_code;

// What follows an open call is kept up to this; the rest waits with the kernel.
constexpr std::size_t kMostPipelined = 16U << 10U;

// Of the body behind an answer that did not wait for it; after more the connection ends.
constexpr std::uint64_t kMostDiscarded = 64U << 20U;

class Http1 final : public Protocol {
 public:
  Http1(CallSink& sink, const ProtocolLimits& limits) : sink_(sink), limits_(limits) {}

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
    if (!open_ || reply.id != *open_) {
      return;
    }
    open_.reset();
    answer(head_, std::move(reply));
    parse_kept();
  }

  std::string take_output() override {
    std::string output = std::move(output_);
    output_.clear();
    parse_kept();
    return output;
  }

  bool wants_read() const override {
    return !closing_ && !output_is_full() &&
           kept_.size() <= std::min(limits_.max_buffered, kMostPipelined);
  }

  bool wants_close() const override { return closing_; }

  Stage stage() const override {
    if (open_) {
      return Stage::kAnswering;
    }
    return !closing_ && (request_ || !kept_.empty()) ? Stage::kReceiving : Stage::kIdle;
  }

  bool in_body() const override { return request_ && request_->is_header_done(); }

  bool give_up(const std::function<Reply(const RequestHead&)>& late) override {
    if (!in_body() || request_->answered) {
      return false;
    }
    Reply reply = late(request_->head.shown(0));
    sink_.on_refused(reply.status);
    keep_alive_ = false;
    answer(request_->head, std::move(reply));
    close();
    return true;
  }

  void drain() override {
    draining_ = true;
    if (open_ || closing_) {
      return;
    }
    if (request_) {
      refuse(CallError(Status::kUnavailable, "the service is shutting down; connect again"));
    }
    close();
  }

 private:
  bool output_is_full() const { return output_.size() > limits_.max_buffered; }

  void parse_kept() {
    if (parsing_ || kept_.empty()) {
      return;
    }
    std::string_view input = kept_.view();
    parse(input);
    kept_.keep_last(closing_ ? 0 : input.size());
  }

  // Takes what it can off the input. The sink may call reply() from inside; parsing_ then keeps the
  // work in this loop, however many requests wait.
  void parse(std::string_view& input) {
    parsing_ = true;
    try {
      while (!closing_ && !open_ && !output_is_full() && step(input)) {
      }
    } catch (const CallError& error) {  // the body has no place
      refuse(error);
      close();
    } catch (const std::bad_alloc&) {
      if (request_) {
        refuse_and_close(Status::kNoMemory, "not enough memory for this body; send fewer rows");
      }
      close();
    }
    parsing_ = false;
  }

  // One step of Beast's parser; false when it needs more bytes.
  bool step(std::string_view& input) {
    if (!request_) {
      if (input.starts_with("\r\n")) {  // some clients send it after a body
        input.remove_prefix(2);
      }
      if (input.empty() || input == "\r") {
        return false;
      }
      request_.emplace(limits_);
    }
    if (input.empty() && !request_->is_done()) {
      return false;
    }
    const bool had_head = request_->is_header_done();
    error_code error;
    input.remove_prefix(request_->put({input.data(), input.size()}, error));
    if (error == boost::beast::http::error::need_more) {
      // Beast bounds the head; a chunk's extensions and the trailers are bounded here
      if (had_head && input.size() > limits_.max_header) {
        refuse_and_close(Status::kMalformed, "chunk header or trailers longer than " +
                                                 std::to_string(limits_.max_header) +
                                                 " bytes; send plain chunks");
      }
      return false;
    }
    if (error) {
      on_error(error);
      return false;
    }
    if (!had_head && request_->is_header_done()) {
      on_head(input.empty());
    }
    if (request_ && request_->is_done()) {
      on_request();
    }
    return true;
  }

  void on_error(const error_code& error) {
    if (error == boost::beast::http::error::header_limit) {
      head_too_large_ = true;
      refuse_and_close(Status::kTooLarge, "request head longer than " +
                                              std::to_string(limits_.max_header) +
                                              " bytes; send fewer or shorter header fields");
    } else if (error == boost::beast::http::error::body_limit) {
      refuse_and_close(Status::kTooLarge, std::string(kBodyTooLong) +
                                              std::to_string(limits_.max_body) +
                                              " bytes (--max_body_size); send fewer rows");
    } else {
      refuse_and_close(Status::kMalformed,
                       "not a readable HTTP/1.1 request: " + error.message() +
                           "; check the request line, the header fields and the chunks");
    }
  }

  // The body's first bytes have been received too unless none_waits.
  void on_head(bool none_waits) {
    const bool has_body = request_->has_body();
    if (request_->ambiguous()) {
      refuse_and_close(Status::kMalformed,
                       "Content-Length, Transfer-Encoding: send one Content-Length or one "
                       "'Transfer-Encoding: chunked', not both");
      return;
    }
    if (!request_->host_is_good()) {
      refuse_and_close(Status::kMalformed,
                       "Host: missing, or there twice; send one, such as 'Host: localhost'");
      return;
    }
    if (limits_.shows_heads && !is_let_in()) {
      return;
    }
    const bool waits_for_word = request_->head.expects_continue && has_body;
    const auto refusal = request_->head.refusal(has_body, limits_);
    request_->discard = refusal.has_value() || !request_->head.may_send_body();
    if (waits_for_word && refusal) {
      refuse_and_close(refusal->status(), refusal->what());
    } else if (waits_for_word && none_waits) {
      output_ += "HTTP/1.1 100 Continue\r\n\r\n";
    }
  }

  // Shows the head; one that is refused is answered before its body, which is thrown away.
  bool is_let_in() {
    HttpHead& head = request_->head;
    const std::uint64_t length = request_->content_length().value_or(0);
    Verdict verdict = sink_.on_head(head.shown(length));
    head.pass = std::move(verdict.pass);
    head.answer_fields = std::move(verdict.fields);
    if (!verdict.refusal) {
      return true;
    }
    const bool ends = request_->has_body() &&
                      (request_->chunked() || head.expects_continue || length > kMostDiscarded);
    keep_alive_ = request_->keep_alive() && !ends;
    old_version_ = request_->version_is_old();
    request_->discard = true;
    request_->answered = true;
    answer(head, std::move(*verdict.refusal));
    return false;
  }

  void on_request() {
    if (request_->answered) {
      request_.reset();
      return;
    }
    const bool has_body = request_->has_body();
    keep_alive_ = request_->keep_alive();
    old_version_ = request_->version_is_old();
    head_ = std::move(request_->head);
    std::string body = std::move(request_->body);
    HeldBytes held = std::move(request_->held);
    const Clock::time_point received = request_->received;
    request_.reset();
    try {
      if (const auto refusal = head_.refusal(has_body, limits_)) {
        throw *refusal;
      }
      Call call =
          make_http_call(head_, ++last_id_, std::move(body), std::move(held), received, limits_);
      open_ = call.id;
      sink_.on_call(std::move(call));
    } catch (const CallError& error) {
      sink_.on_refused(error.status());
      answer(head_, make_refusal(head_, 0, true, error, limits_));
    }
  }

  void refuse_and_close(Status status, const std::string& message) {
    refuse(CallError(status, message));
    close();
  }

  // Answers the request that is being received.
  void refuse(const CallError& error) {
    if (request_->answered) {
      return;
    }
    keep_alive_ = false;
    sink_.on_refused(error.status());
    answer(request_->head, make_refusal(request_->head, 0, true, error, limits_));
  }

  void close() {
    closing_ = true;
    request_.reset();
    if (!parsing_) {
      kept_.clear();
    }
  }

  void answer(const HttpHead& head, Reply&& reply) {
    HttpAnswer answer = make_http_answer(head, std::move(reply), limits_);
    if (head_too_large_) {
      answer.status = 431;
    }
    const bool stays = keep_alive_ && !draining_;
    output_.append("HTTP/1.1 ").append(std::to_string(answer.status)).append(" ");
    output_.append(http_reason(answer.status)).append("\r\n");
    for (const auto& [name, value] : answer.fields) {
      output_.append(name).append(": ").append(value).append("\r\n");
    }
    if (!stays) {
      output_ += "Connection: close\r\n";
    } else if (old_version_) {
      output_ += "Connection: keep-alive\r\n";
    }
    output_.append("\r\n").append(answer.body);
    if (!stays) {
      close();
    }
  }

  CallSink& sink_;
  const ProtocolLimits limits_;

  KeptInput kept_;
  std::optional<Http1Request> request_;  // being received
  HttpHead head_;                        // of the open call
  std::optional<CallId> open_;
  CallId last_id_ = 0;
  bool keep_alive_ = true;
  bool old_version_ = false;
  bool head_too_large_ = false;

  std::string output_;
  bool parsing_ = false;
  bool draining_ = false;
  bool closing_ = false;
};

}  // namespace

std::unique_ptr<Protocol> make_http1(CallSink& sink, const ProtocolLimits& limits) {
  return std::make_unique<Http1>(sink, limits);
}

}  // namespace tensor_service
