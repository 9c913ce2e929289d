// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// One HTTP/1 request while it arrives, parsed by Boost.Beast: bytes in by put(), head and body out.
// Included by http1.cc alone, which so is the only file to pay for Beast.

#pragma once

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <string>
#include <string_view>

#include "wire/http_exchange.h"

namespace tensor_service {

// One request as Beast's parser sees it.
class Http1Request final : public boost::beast::http::basic_parser<true> {
 public:
  explicit Http1Request(const ProtocolLimits& limits)
      : received(Clock::now()),
        head(limits.shows_heads),
        held(limits.budget),
        most_(limits.max_body) {
    header_limit(
        static_cast<std::uint32_t>(std::min<std::size_t>(limits.max_header, UINT32_MAX / 2)));
    body_limit(static_cast<std::uint64_t>(limits.max_body));
  }

  const Clock::time_point received;
  HttpHead head;
  std::string body;
  HeldBytes held;         // the body's share
  bool discard = false;   // the body is read for its end only
  bool answered = false;  // before its body

  // True when two readers of this head could disagree about where the body ends.
  bool ambiguous() const { return ambiguous_; }
  // RFC 9112, 3.2: one of 1.1 has exactly one Host; none has two.
  bool host_is_good() const { return hosts_ == 1 || (hosts_ == 0 && version_is_old()); }
  bool has_body() const { return has_body_; }
  bool version_is_old() const { return version_ < 11; }

 private:
  using Text = boost::beast::string_view;
  using error_code = boost::beast::error_code;
  using field = boost::beast::http::field;

  static std::string_view text_of(Text text) { return {text.data(), text.size()}; }

  void on_request_impl(boost::beast::http::verb, Text method, Text target, int version,
                       error_code&) override {
    head.method = text_of(method);
    head.read_target(text_of(target));
    version_ = version;
  }

  void on_field_impl(field name, Text name_text, Text value, error_code&) override {
    if (head_done_) {
      return;  // a trailer
    }
    hosts_ += name == field::host ? 1 : 0;
    if (name == field::content_length) {
      ambiguous_ = ambiguous_ || lengths_ > 0 || value.find(',') != Text::npos;
      ++lengths_;
    } else if (name == field::transfer_encoding) {
      ++lengths_;
      ambiguous_ = ambiguous_ || lengths_ > 1 || version_ < 11 ||
                   !equal_ignoring_case(text_of(value), "chunked");
    } else {
      head.read_field(text_of(name_text), text_of(value));
    }
  }

  void on_header_impl(error_code&) override {
    head_done_ = true;
    has_body_ = chunked() || content_length().value_or(0) > 0;
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
    // the body grows with what arrives, because a Content-Length costs the peer nothing
    most_ = std::min<std::uint64_t>(length.value_or(most_), most_);
  }

  std::size_t on_body_impl(Text bytes, error_code&) override {
    if (!discard) {
      held.append(body, text_of(bytes), most_);
    }
    return bytes.size();
  }

  void on_chunk_header_impl(std::uint64_t, Text, error_code&) override {}

  std::size_t on_chunk_body_impl(std::uint64_t, Text bytes, error_code& error) override {
    return on_body_impl(bytes, error);
  }

  void on_finish_impl(error_code&) override {}

  void on_response_impl(int, Text, int, error_code&) override {}

  std::size_t most_;  // bytes that the body may have
  int version_ = 11;
  int hosts_ = 0;
  int lengths_ = 0;  // Content-Length and Transfer-Encoding fields seen
  bool ambiguous_ = false;
  bool head_done_ = false;
  bool has_body_ = false;
};

}  // namespace tensor_service
