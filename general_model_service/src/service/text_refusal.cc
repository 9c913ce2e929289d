// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "service/text_refusal.h"

#include <string>
#include <utility>

#include "ranking/text_headers.h"
#include "ranking/text_route.h"
#include "service/experiments.h"

namespace tensor_service {
namespace {

constexpr std::string_view kMessage = "message: ";

bool is_told(const RefusedCall& call, Status status) {
  switch (status) {
    case Status::kTooLarge:  // of HTTP also a head, which has no shape
      return !call.is_http || call.body_too_long;
    case Status::kOverloaded:
    case Status::kCrowded:
    case Status::kNoMemory:
      return true;
    case Status::kUnavailable:  // by gRPC's own status clients know where to go
      return call.is_http;
    default:
      return false;
  }
}

RankingError worded(const RefusedCall& call, const CallError& error) {
  std::string_view text = error.what();
  if (text.starts_with(kMessage)) {
    text.remove_prefix(kMessage.size());
  }
  RankingError told = ranking_error(error.status(), std::string(text), {});
  // as the Pipeline's edge has it
  const std::size_t end = text.find(" bytes, more than the ");
  if (!call.is_http && end != std::string_view::npos) {
    told.message = std::string(text.substr(0, end)) + " bytes, at most " +
                   std::to_string(call.max_body) + " allowed";
  }
  if (call.body_too_long) {
    told.message = "more than " + std::to_string(call.max_body) + " bytes";
  }
  if (!call.is_http) {
    told.field = "request";
  }
  return told;
}

}  // namespace

std::optional<Reply> text_refusal(const RefusedCall& call, const CallError& error) {
  std::string_view path = call.path;
  if (call.is_http && path.size() > 1 && path.ends_with('/')) {
    path.remove_suffix(1);
  }
  const bool is_experiments = call.is_http && is_experiment_path(path);
  const bool is_own =
      is_experiments ||
      (call.is_http ? is_text_path(path) && !is_information_path(path) : is_rpc_text_path(path));
  if (!is_own || !is_told(call, error.status())) {
    return std::nullopt;
  }
  TextAnswer answer = is_experiments ? Experiments::refuse(path, worded(call, error))
                                     : make_text_route(path, {})->refuse(worded(call, error), {});
  Reply reply;
  reply.status = call.is_http ? error.status() : Status::kOk;
  reply.content_type = "application/json";
  reply.body = std::move(answer.body);
  if (call.is_http) {
    reply.http_status = answer.http_status;
    reply.fields = std::move(answer.fields);
    if (std::string id = echoed_id(call.fields); !id.empty()) {
      reply.fields.emplace_back("x-request-id", std::move(id));
    }
  }
  return reply;
}

}  // namespace tensor_service
