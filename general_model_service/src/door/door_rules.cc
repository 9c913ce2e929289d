// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "door/door_rules.h"

#include <algorithm>
#include <string_view>

namespace tensor_service {
namespace {

std::optional<std::string> text_at(const JsonNode& section, std::string_view key) {
  const JsonNode* value = section.given(key);
  return value != nullptr ? std::optional(value->text) : std::nullopt;
}

std::optional<std::int64_t> count_at(const JsonNode& section, std::string_view key) {
  const JsonNode* value = section.given(key);
  return value != nullptr ? std::optional(value->whole()) : std::nullopt;
}

std::vector<std::string> texts_at(const JsonNode& section, std::string_view key) {
  std::vector<std::string> texts;
  if (const JsonNode* value = section.given(key)) {
    for (const JsonNode& item : value->items) {
      texts.push_back(item.text);
    }
  }
  return texts;
}

TlsRule tls_of(const JsonNode& section) {
  return {text_at(section, "tls_certificate"), text_at(section, "tls_key"),
          text_at(section, "tls_client_ca")};
}

ApiKeyRule api_key_of(const JsonNode& section) {
  ApiKeyRule rule;
  rule.name = text_at(section, "name").value_or("");
  rule.sha256 = text_at(section, "sha256").value_or("");
  std::transform(rule.sha256.begin(), rule.sha256.end(), rule.sha256.begin(), [](char c) {
    return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  rule.requests_per_minute = count_at(section, "requests_per_minute");
  rule.max_in_flight = count_at(section, "max_in_flight");
  rule.documents_per_day = count_at(section, "documents_per_day");
  rule.key_file = text_at(section, "key_file");
  rule.key_env = text_at(section, "key_env");
  return rule;
}

}  // namespace

HttpRules http_rules_of(const JsonNode* section) {
  HttpRules rules;
  if (section == nullptr || section->is_null()) {
    return rules;
  }
  if (const JsonNode* keys = section->given("api_keys")) {
    for (const JsonNode& key : keys->items) {
      rules.api_keys.push_back(api_key_of(key));
    }
  }
  rules.cors_origins = texts_at(*section, "cors_origins");
  rules.allowed_hosts = texts_at(*section, "allowed_hosts");
  rules.tls = tls_of(*section);
  return rules;
}

RpcRules rpc_rules_of(const JsonNode* section) {
  RpcRules rules;
  if (section == nullptr || section->is_null()) {
    return rules;
  }
  const JsonNode* asks = section->given("ask_for_key");
  rules.ask_for_key = asks == nullptr || asks->kind == JsonKind::kTrue;
  rules.tls = tls_of(*section);
  return rules;
}

}  // namespace tensor_service
