// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Which paths ask for a key, and how a request is answered that the door refuses: in the shape of
// its path.

#include <algorithm>
#include <array>
#include <cstdio>
#include <new>

#include "codec/codec.h"
#include "ranking/text_headers.h"
#include "ranking/text_route.h"
#include "service/service.h"

namespace tensor_service {
namespace {

// What is read there is of a caller's own, but costs little.
constexpr std::array<std::string_view, 3> kLookedAt = {"/v1/traffic", "/v1/assignments",
                                                       "/v1/interleave"};

// "/a/b": the paths of upstream's gateway, whatever service they name.
bool is_two_words(std::string_view path) {
  const std::size_t second = path.find('/', 1);
  return path.starts_with('/') && second != std::string_view::npos && second > 1 &&
         second + 1 < path.size() && path.find('/', second + 1) == std::string_view::npos;
}

bool is_ranked(std::string_view path) {
  return is_inference_path(path) || is_debug_path(path) || is_two_words(path) ||
         (is_text_path(path) && !is_information_path(path));
}

Need need_of(const RequestHead& head) {
  if (!head.is_http) {
    return Need::kRanked;
  }
  if (std::find(kLookedAt.begin(), kLookedAt.end(), head.path) != kLookedAt.end()) {
    return Need::kKnown;
  }
  if (head.method != "POST") {
    return Need::kNothing;
  }
  if (head.path == "/feedback") {
    return Need::kCounted;
  }
  return is_ranked(head.path) ? Need::kRanked : Need::kNothing;
}

// A text path answers in its own shape, all others in the gateway's five fields.
TextAnswer answer_of(const RequestHead& head, const RankingError& error, bool by_route) {
  TextAnswer answer;
  const auto route = by_route ? make_text_route(head.path, "") : nullptr;
  answer = route ? route->refuse(error, {}) : plain_refusal(error);
  add_error_fields(error, answer.fields);
  if (const std::string id = echoed_id(*head.fields); !id.empty()) {
    answer.fields.emplace_back("x-request-id", id);
  }
  return answer;
}

// Of a call that Paddle Serving's Pipeline answers with its own message, errors too.
std::unique_ptr<TextRoute> rpc_route_of(const RequestHead& head) {
  constexpr std::string_view kPipeline = "/baidu.paddle_serving.pipeline_serving.";
  return !head.is_http && head.path.starts_with(kPipeline) ? make_text_route(head.path, "")
                                                           : nullptr;
}

Reply refusal_of(const RequestHead& head, const RankingError& error, bool by_route) {
  Reply reply;
  if (const auto route = rpc_route_of(head)) {
    reply.body = route->refuse(error, {}).body;  // which has the error in it
    return reply;
  }
  reply.status = error.facts().status;
  if (!head.is_http || is_inference_path(head.path) || is_debug_path(head.path)) {
    reply.message = error.text();
    reply.body = encode_error(head.format, reply.status, reply.message, 0);
    if (head.is_http) {
      reply.http_status = error.facts().http_status;
    }
    add_error_fields(error, reply.fields);
    return reply;
  }
  TextAnswer answer = answer_of(head, error, by_route);
  reply.http_status = answer.http_status;
  reply.content_type = "application/json";
  reply.body = std::move(answer.body);
  reply.fields = std::move(answer.fields);
  return reply;
}

}  // namespace

Verdict Service::look(const RequestHead& shown, const Peer& peer) noexcept {
  Verdict verdict;
  if (!options_.door) {
    return verdict;
  }
  try {
    RequestHead head = shown;
    head.path = without_slash(shown.path);
    if (auto preflight = options_.door->preflight(head)) {
      verdict.refusal = std::move(preflight);
      return verdict;
    }
    verdict.fields = options_.door->fields(head);
    bool by_route = false;
    try {
      options_.door->check_browser(head);
      by_route = true;
      verdict.pass = options_.door->look(head, peer, need_of(head));
    } catch (const RankingError& error) {
      metrics_.count(error.facts().status);
      if (experiments_ && error.fault == Fault::kOverloaded) {
        experiments_->traffic().ended({}, error.facts().http_status, 0.0);
      }
      verdict.refusal = refusal_of(head, error, by_route);
    }
  } catch (...) {
    // who could not be looked at does not come in
    metrics_.count(Status::kNoMemory);
    verdict.refusal.emplace();
    verdict.refusal->status = Status::kNoMemory;
  }
  return verdict;
}

Reply Service::late_reply(const RequestHead& shown, std::chrono::milliseconds allowed) const {
  std::array<char, 32> seconds{};
  std::snprintf(seconds.data(), seconds.size(), "%g",
                std::chrono::duration<double>(allowed).count());
  RequestHead head = shown;
  head.path = without_slash(shown.path);
  return refusal_of(
      head,
      {Fault::kBodyTimeout,
       "did not arrive within " + std::string(seconds.data()) + " s; send it faster, or less of it",
       "body"},
      true);
}

}  // namespace tensor_service
