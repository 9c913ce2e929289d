// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "wire/http2_request.h"

#include <charconv>

#include "wire/compression.h"

namespace tensor_service {
namespace {

constexpr std::string_view kGrpcType = "application/grpc";
// RFC 9113 counts this much for each field besides its name and value.
constexpr std::size_t kFieldOverhead = 32;

}  // namespace

void Http2Request::read_field(std::string_view name, std::string_view value) {
  head_size_ += name.size() + value.size() + kFieldOverhead;
  if (head_size_ > limits_.max_header) {
    return;  // refused in end_head; nothing more is kept
  }
  if (name == ":method") {
    head_.method = value;
  } else if (name == ":path") {
    head_.read_target(value);
  } else if (name == "content-type" && value.starts_with(kGrpcType)) {
    read_grpc_type(value);
  } else if (name == "grpc-encoding") {
    grpc_encoding_ = value;
  } else if (name == "grpc-timeout") {
    grpc_timeout_ = value;
  } else if (name == ":authority") {
    head_.read_field("host", value);
  } else if (!name.starts_with(':')) {
    if (name == "content-length") {
      std::from_chars(value.data(), value.data() + value.size(), length_);
    }
    head_.read_field(name, value);
  }
}

RequestHead Http2Request::shown() const {
  RequestHead head = head_.shown(length_);
  head.is_http = !is_grpc_;
  return head;
}

void Http2Request::let_in(Verdict&& verdict) {
  head_.pass = std::move(verdict.pass);
  head_.answer_fields = std::move(verdict.fields);
}

void Http2Request::read_grpc_type(std::string_view value) {
  const std::string_view rest = value.substr(kGrpcType.size());
  is_grpc_ = rest.empty() || rest[0] == '+' || rest[0] == ';';
  is_proto_ = rest.empty() || rest[0] == ';' || rest == "+proto" || rest.starts_with("+proto;");
  if (is_grpc_) {
    head_.format = Format::kProto;
  } else {
    head_.read_field("content-type", value);  // application/grpc-web, which is another protocol
  }
}

void Http2Request::end_head(bool has_body) {
  if (head_size_ > limits_.max_header) {
    throw CallError(Status::kTooLarge, "header list: longer than " +
                                           std::to_string(limits_.max_header) +
                                           " bytes; send fewer or shorter header fields");
  }
  if (is_grpc_) {
    check_grpc_head();
  } else if (const auto refusal = head_.refusal(has_body, limits_)) {
    throw *refusal;
  }
}

void Http2Request::check_grpc_head() const {
  if (head_.method != "POST") {
    throw CallError(Status::kMethodNotAllowed, ":method: gRPC calls are sent with POST");
  }
  if (!is_proto_) {
    throw CallError(Status::kUnsupported,
                    "content-type: messages are read as protobuf only; send application/grpc");
  }
  if (!grpc_encoding_.empty() && grpc_encoding_ != "identity" && grpc_encoding_ != "gzip" &&
      grpc_encoding_ != "deflate") {
    throw CallError(Status::kUnsupported, "grpc-encoding: '" + grpc_encoding_.substr(0, 80) +
                                              "' is not read here; send one of " +
                                              std::string(kGrpcEncodings));
  }
  if (!grpc_timeout_.empty() && !grpc_timeout(grpc_timeout_)) {
    throw CallError(Status::kMalformed, "grpc-timeout: '" + grpc_timeout_.substr(0, 80) +
                                            "' is not a time; send 1 to 8 digits and a unit of "
                                            "H, M, S, m, u, n");
  }
}

void Http2Request::append(std::string_view bytes) {
  if (is_grpc_) {
    message_.append(bytes, limits_.max_body, held_bytes_);
    return;
  }
  if (!head_.may_send_body()) {
    return;
  }
  if (bytes.size() > limits_.max_body - body_.size()) {
    throw CallError(Status::kTooLarge, std::string(kBodyTooLong) +
                                           std::to_string(limits_.max_body) +
                                           " bytes (--max_body_size); send fewer rows");
  }
  held_bytes_.append(body_, bytes, limits_.max_body);
}

Call Http2Request::finish() {
  if (!is_grpc_) {
    return make_http_call(head_, id_, std::move(body_), std::move(held_bytes_), received_, limits_);
  }
  Call call;
  call.id = id_;
  call.path = head_.path;
  call.fields = head_.fields;
  const bool compressed = message_.is_compressed();
  call.body = message_.finish(!grpc_encoding_.empty() && grpc_encoding_ != "identity");
  call.held = std::move(held_bytes_);
  call.pass = head_.pass;
  if (compressed) {
    inflate_body(call, limits_.max_body);
  }
  call.received = received_;
  if (const auto timeout = grpc_timeout(grpc_timeout_)) {
    call.deadline = received_ + *timeout;
  }
  return call;
}

Http2Answer Http2Request::answer(Reply&& reply) const {
  if (is_grpc_) {
    return grpc_answer(reply);
  }
  HttpAnswer plain = make_http_answer(head_, std::move(reply), limits_);
  const bool head_too_large = head_size_ > limits_.max_header;
  Http2Answer answer;
  answer.head.emplace_back(":status", std::to_string(head_too_large ? 431 : plain.status));
  for (auto& field : plain.fields) {
    answer.head.push_back(std::move(field));
  }
  answer.body = std::move(plain.body);
  return answer;
}

Http2Answer Http2Request::grpc_answer(const Reply& reply) const {
  Http2Answer answer;
  answer.head = {{":status", "200"}, {"content-type", std::string(kGrpcType)}};
  if (reply.status == Status::kOk) {
    answer.body = grpc_framed(reply.body);
    answer.trailers = {{"grpc-status", "0"}};
    return answer;
  }
  answer.head.emplace_back("grpc-status", std::to_string(grpc_status(reply.status)));
  answer.head.emplace_back("grpc-message", grpc_message_text(reply.message));
  answer.head.emplace_back("err_no", std::to_string(err_no(reply.status)));
  if (reply.status == Status::kUnsupported) {
    answer.head.emplace_back("grpc-accept-encoding", std::string(kGrpcEncodings));
  }
  return answer;
}

Http2Answer Http2Request::refuse(const CallError& error) {
  body_ = std::string();
  message_ = GrpcMessage();
  held_bytes_.release();
  return answer(make_refusal(head_, id_, !is_grpc_, error, limits_));
}

}  // namespace tensor_service
