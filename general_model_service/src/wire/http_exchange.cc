// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "wire/http_exchange.h"

#include <algorithm>
#include <charconv>

#include "codec/codec.h"
#include "wire/compression.h"
#include "wire/door_fields.h"

namespace tensor_service {
namespace {

constexpr std::string_view kProtoType = "application/proto";
constexpr std::string_view kJsonType = "application/json";

// Longer than any call takes; keeps a deadline within the clock's range.
constexpr std::chrono::milliseconds kLongestTimeout = std::chrono::hours(24);

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// The part before the separator, taken off the text.
std::string_view next_part(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view part = trim(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

// For messages: what a peer sent, cut to a length that is fit to read.
std::string quoted(std::string_view text) { return "'" + std::string(text.substr(0, 80)) + "'"; }

std::optional<Format> format_of(std::string_view content_type) {
  const std::string_view type = next_part(content_type, ';');
  const auto is = [type](std::string_view name) { return equal_ignoring_case(type, name); };
  // `curl -d` sends the form's type with JSON
  if (type.empty() || is(kJsonType) || is("application/x-www-form-urlencoded")) {
    return Format::kJson;
  }
  if (is(kProtoType) || is("application/x-protobuf") || is("application/octet-stream")) {
    return Format::kProto;
  }
  return std::nullopt;
}

// "gzip;q=0" says that it is not wanted.
bool is_refused(std::string_view parameters) {
  while (!parameters.empty()) {
    std::string_view value = next_part(parameters, ';');
    const std::string_view name = next_part(value, '=');
    if (equal_ignoring_case(name, "q")) {
      return value.find_first_not_of("0. ") == std::string_view::npos;
    }
  }
  return false;
}

bool accepts_gzip(std::string_view codings) {
  bool any = false;
  while (!codings.empty()) {
    std::string_view parameters = next_part(codings, ',');
    const std::string_view name = next_part(parameters, ';');
    if (equal_ignoring_case(name, "gzip") || equal_ignoring_case(name, "x-gzip")) {
      return !is_refused(parameters);
    }
    any = any || (name == "*" && !is_refused(parameters));
  }
  return any;
}

std::optional<std::chrono::milliseconds> timeout_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number == 0) {
    return std::nullopt;
  }
  const auto longest = static_cast<std::uint64_t>(kLongestTimeout.count());
  return std::chrono::milliseconds(std::min(number, longest));
}

std::string_view answer_type(const HttpHead& head, const Reply& reply) {
  if (!reply.content_type.empty()) {
    return reply.content_type;
  }
  // paddle_serving_client's HttpClient compares it to the letter
  return head.format == Format::kProto ? kProtoType : kJsonType;
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

void HttpHead::read_target(std::string_view target) {
  const std::size_t scheme = target.find("://");
  if (!target.starts_with('/') && scheme != std::string_view::npos) {
    target.remove_prefix(scheme + 3);
    target.remove_prefix(std::min(target.find_first_of("/?"), target.size()));
  }
  target = target.substr(0, target.find('#'));
  const std::size_t end = std::min(target.find('?'), target.size());
  path = target.substr(0, end);
  query = target.substr(std::min(end + 1, target.size()));
  if (path.empty()) {
    path = "/";
  }
}

void HttpHead::read_field(std::string_view name, std::string_view value) {
  value = trim(value);
  if (door) {
    keep_door_field(*door, name, value);
  }
  const auto is = [name](std::string_view known) { return equal_ignoring_case(name, known); };
  if (is("content-type")) {
    if (const auto known = format_of(value)) {
      format = *known;
    } else if (!type_refusal_) {
      type_refusal_.emplace(Status::kUnsupported, "Content-Type: " + quoted(value) +
                                                      " is not read here; send application/json "
                                                      "or application/proto");
    }
  } else if (is("content-encoding")) {
    const bool known = equal_ignoring_case(value, "gzip") || equal_ignoring_case(value, "x-gzip") ||
                       equal_ignoring_case(value, "deflate");
    compressed = compressed || known;
    if (!known && !value.empty() && !equal_ignoring_case(value, "identity") && !encoding_refusal_) {
      encoding_refusal_.emplace(Status::kUnsupported,
                                "Content-Encoding: " + quoted(value) +
                                    " is not read here; send gzip, deflate or no encoding");
    }
  } else if (is("accept-encoding")) {
    takes_gzip = accepts_gzip(value);
  } else if (is("expect")) {
    expects_continue = equal_ignoring_case(value, "100-continue");
  } else {
    read_call_field(name, value);
  }
}

// Of a field that stands twice the first counts.
void HttpHead::read_call_field(std::string_view name, std::string_view value) {
  const std::pair<std::string_view, std::optional<std::string>*> known[] = {
      {"x-timeout-ms", &fields.timeout_ms},
      {"x-request-id", &fields.request_id},
      {"x-ranker", &fields.ranker},
      {"x-dry-run", &fields.dry_run}};
  for (const auto& [field, kept] : known) {
    if (equal_ignoring_case(name, field) && !*kept) {
      *kept = value;
    }
  }
  if (equal_ignoring_case(name, "x-timeout-ms")) {
    timeout = timeout_of(value);
    if (!timeout && !timeout_refusal_) {
      timeout_refusal_.emplace(Status::kMalformed, "x-timeout-ms: " + quoted(value) +
                                                       " is not a time; send a positive whole "
                                                       "number of milliseconds");
    }
  }
}

RequestHead HttpHead::shown(std::size_t body) const {
  return {.method = method,
          .path = path,
          .format = format,
          .is_http = true,
          .fields = &fields,
          .door = door.get(),
          .body = body};
}

std::optional<CallError> HttpHead::refusal(bool has_body, const ProtocolLimits& limits) const {
  const bool own = limits.reads_fields != nullptr && limits.reads_fields(path);
  if (has_body && type_refusal_ && !own) {
    return type_refusal_;
  }
  if (has_body && encoding_refusal_) {
    return encoding_refusal_;
  }
  return own ? std::nullopt : timeout_refusal_;
}

Call make_http_call(const HttpHead& head, CallId id, std::string&& body, HeldBytes&& held,
                    Clock::time_point received, const ProtocolLimits& limits) {
  Call call;
  call.id = id;
  call.method = head.method;
  call.path = head.path;
  call.query = head.query;
  call.format = head.format;
  call.is_http = true;
  call.fields = head.fields;
  call.pass = head.pass;
  call.body = std::move(body);
  call.held = std::move(held);
  if (head.compressed && !call.body.empty()) {
    inflate_body(call, limits.max_body);
  }
  call.received = received;
  if (head.timeout) {
    call.deadline = received + *head.timeout;
  }
  return call;
}

HttpAnswer make_http_answer(const HttpHead& head, Reply&& reply, const ProtocolLimits& limits) {
  HttpAnswer answer;
  answer.status = reply.http_status.value_or(http_status(reply.status));
  answer.fields.emplace_back("Content-Type", answer_type(head, reply));
  answer.body = std::move(reply.body);
  const bool without_body = head.method == "HEAD";
  if (head.takes_gzip && !without_body && answer.body.size() >= limits.compress_threshold) {
    answer.body = gzip(answer.body);
    answer.fields.emplace_back("Content-Encoding", "gzip");
  }
  answer.fields.emplace_back("Content-Length", std::to_string(answer.body.size()));
  const bool says_when = std::any_of(reply.fields.begin(), reply.fields.end(),
                                     [](const auto& field) { return field.first == kRetryAfter; });
  if ((answer.status == 429 || answer.status == 503) && !says_when) {
    answer.fields.emplace_back(kRetryAfter, "1");
  } else if (answer.status == 405 && reply.fields.empty()) {
    answer.fields.emplace_back("Allow", head.method == "POST" ? "GET, HEAD" : "POST");
  }
  for (auto& field : reply.fields) {
    answer.fields.push_back(std::move(field));
  }
  answer.fields.insert(answer.fields.end(), head.answer_fields.begin(), head.answer_fields.end());
  if (without_body) {
    answer.body.clear();
  }
  return answer;
}

Reply make_error_reply(CallId id, Format format, const CallError& error) {
  Reply reply;
  reply.id = id;
  reply.status = error.status();
  reply.message = error.what();
  reply.body = encode_error(format, error.status(), error.what(), 0);
  return reply;
}

Reply make_refusal(const HttpHead& head, CallId id, bool is_http, const CallError& error,
                   const ProtocolLimits& limits) {
  if (limits.refusal != nullptr) {
    const bool too_long = std::string_view(error.what()).starts_with(kBodyTooLong);
    const RefusedCall call{head.path, is_http, head.fields, limits.max_body, too_long};
    if (auto reply = limits.refusal(call, error)) {
      reply->id = id;
      return std::move(*reply);
    }
  }
  return make_error_reply(id, head.format, error);
}

std::string_view http_reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 499:
      return "Client Closed Request";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Internal Server Error";
  }
}

}  // namespace tensor_service
