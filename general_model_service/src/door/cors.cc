// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <utility>

#include "door/browsers.h"

namespace tensor_service {
namespace {

constexpr std::string_view kAllowOrigin = "access-control-allow-origin";
constexpr const char* kExposed =
    "x-request-id, x-ranker, x-bundle, x-experiment, x-variant, retry-after, "
    "inference-header-content-length";
constexpr const char* kVaryOfPreflight =
    "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, "
    "Access-Control-Request-Private-Network";

}  // namespace

Cors::Cors(std::vector<std::string> origins)
    : origins_(std::move(origins)),
      all_(std::find(origins_.begin(), origins_.end(), "*") != origins_.end()) {}

bool Cors::allows(std::string_view origin) const {
  return all_ || std::find(origins_.begin(), origins_.end(), origin) != origins_.end();
}

std::optional<Reply> Cors::preflight(const RequestHead& head) const {
  if (origins_.empty() || head.door == nullptr || head.method != "OPTIONS" || !head.door->origin ||
      !head.door->cors_method) {
    return std::nullopt;
  }
  const DoorFields& sent = *head.door;
  std::string failures;
  const auto fail = [&](const char* what) {
    failures.append(failures.empty() ? "" : ", ") += what;
  };
  Reply reply;
  reply.fields = {{"vary", kVaryOfPreflight},
                  {"access-control-allow-methods", "GET, POST"},
                  {"access-control-max-age", "600"}};
  if (all_ || allows(*sent.origin)) {
    reply.fields.emplace_back(kAllowOrigin, all_ ? "*" : *sent.origin);
  } else {
    fail("origin");
  }
  if (*sent.cors_method != "GET" && *sent.cors_method != "POST") {
    fail("method");
  }
  if (sent.cors_headers) {
    reply.fields.emplace_back("access-control-allow-headers", *sent.cors_headers);
  }
  if (sent.cors_network) {
    fail("private-network");
  }
  reply.http_status = failures.empty() ? 200 : 400;
  reply.status = failures.empty() ? Status::kOk : Status::kMalformed;
  reply.content_type = "text/plain; charset=utf-8";
  reply.body = failures.empty() ? "OK" : "Disallowed CORS " + failures;
  return reply;
}

HeadFields Cors::fields(const RequestHead& head) const {
  HeadFields fields;
  if (origins_.empty() || head.door == nullptr) {
    return fields;
  }
  if (const auto& origin = head.door->origin) {
    fields.emplace_back("access-control-expose-headers", kExposed);
    if (allows(*origin)) {
      fields.emplace_back(kAllowOrigin, all_ ? "*" : *origin);
    }
  }
  fields.emplace_back("vary", "Origin");
  return fields;
}

}  // namespace tensor_service
