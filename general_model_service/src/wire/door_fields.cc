// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "wire/door_fields.h"

#include "wire/http_exchange.h"

namespace tensor_service {
namespace {

struct Known {
  std::string_view name;
  std::optional<std::string> DoorFields::*field;
  bool first_counts;
};
constexpr Known kKnown[] = {
    {"authorization", &DoorFields::authorization, true},
    {"x-api-key", &DoorFields::api_key, true},
    {"host", &DoorFields::host, true},
    {"access-control-request-method", &DoorFields::cors_method, true},
    {"access-control-request-headers", &DoorFields::cors_headers, true},
    {"access-control-request-private-network", &DoorFields::cors_network, true},
    {"origin", &DoorFields::origin, false},
    {"sec-fetch-site", &DoorFields::site, false},
    {"referer", &DoorFields::referer, false},
    {"user-agent", &DoorFields::agent, false},
    {"x-forwarded-host", &DoorFields::forwarded_host, false},
    {"content-type", &DoorFields::content_type, false}};

}  // namespace

void keep_door_field(DoorFields& fields, std::string_view name, std::string_view value) {
  for (const Known& known : kKnown) {
    if (equal_ignoring_case(name, known.name)) {
      std::optional<std::string>& kept = fields.*known.field;
      if (!kept || !known.first_counts) {
        kept = value;
      }
    }
  }
}

}  // namespace tensor_service
