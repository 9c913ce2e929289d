// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// What HTTP/1 and HTTP/2 have in common: header fields in, a Call out; a Reply in, status, header
// fields and body out. Called by http1.cc and http2_request.cc, which know the bytes.

#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/protocol.h"

namespace tensor_service {

// The head of a request, as far as this service reads it.
struct HttpHead {
  std::string method;
  std::string path;   // without query
  std::string query;  // behind the first question mark, as it came
  Format format = Format::kJson;
  bool compressed = false;  // the body is gzip or zlib
  bool takes_gzip = false;
  bool expects_continue = false;
  std::optional<std::chrono::milliseconds> timeout;
  CallFields fields;
  std::unique_ptr<DoorFields> door;  // where heads are shown
  // what the sink said of the head
  std::shared_ptr<Pass> pass;
  // Where heads are shown, a body is read of who was let in to something that takes one; that of
  // others is thrown away.
  bool may_send_body() const { return !door || pass != nullptr; }
  HeadFields answer_fields;

  explicit HttpHead(bool shown = false) : door(shown ? std::make_unique<DoorFields>() : nullptr) {}

  // As the sink sees it, of a body of so many bytes.
  RequestHead shown(std::size_t body) const;
  // Takes "/path?query", or the absolute form that proxies send.
  void read_target(std::string_view target);
  // Takes one header field, its name in any case. Never throws: see refusal().
  void read_field(std::string_view name, std::string_view value);
  // The first thing wrong with the fields read; a body's type and encoding count only with a body.
  // Where the service reads a path's fields itself, only the encoding counts.
  std::optional<CallError> refusal(bool has_body, const ProtocolLimits& limits) const;

 private:
  void read_call_field(std::string_view name, std::string_view value);

  std::optional<CallError> timeout_refusal_;
  std::optional<CallError> type_refusal_;
  std::optional<CallError> encoding_refusal_;
};

// The call of a complete request. Throws CallError when the body cannot be inflated.
// held is the body's share of the memory.
Call make_http_call(const HttpHead& head, CallId id, std::string&& body, HeldBytes&& held,
                    Clock::time_point received, const ProtocolLimits& limits);

struct HttpAnswer {
  int status = 200;
  std::vector<std::pair<std::string_view, std::string>> fields;  // Content-Length among them
  std::string body;
};

HttpAnswer make_http_answer(const HttpHead& head, Reply&& reply, const ProtocolLimits& limits);

// A protocol's own error, in the request's format.
Reply make_error_reply(CallId id, Format format, const CallError& error);

// The answer to a call that is refused before it is complete.
Reply make_refusal(const HttpHead& head, CallId id, bool is_http, const CallError& error,
                   const ProtocolLimits& limits);

// "Not Found"
std::string_view http_reason(int status);

bool equal_ignoring_case(std::string_view a, std::string_view b);

}  // namespace tensor_service
