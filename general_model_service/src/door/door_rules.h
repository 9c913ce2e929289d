// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The sections http and rpc of config_nlp.yml: who may call, from where, and over what.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "json/json_node.h"

namespace tensor_service {

struct ApiKeyRule {
  std::string name = {};    // of the key's owner, in refusals; the key itself stands nowhere
  std::string sha256 = {};  // of the key, in hexadecimal; else key_file or key_env
  std::optional<std::int64_t> requests_per_minute = {};  // a burst of as many may come at once
  std::optional<std::int64_t> max_in_flight = {};
  std::optional<std::int64_t> documents_per_day = {};  // from midnight to midnight, UTC
  std::optional<std::string> key_file = {};
  std::optional<std::string> key_env = {};

  bool operator==(const ApiKeyRule&) const = default;
};

// PEM files.
struct TlsRule {
  std::optional<std::string> certificate;  // and its chain
  std::optional<std::string> key;
  std::optional<std::string> client_ca;  // authorities: callers need a certificate of one of them

  bool operator==(const TlsRule&) const = default;
};

struct HttpRules {
  std::vector<ApiKeyRule> api_keys;
  std::vector<std::string> cors_origins;   // of pages that may call
  std::vector<std::string> allowed_hosts;  // names of this service
  TlsRule tls;

  bool operator==(const HttpRules&) const = default;
};

struct RpcRules {
  bool ask_for_key = true;
  TlsRule tls;

  bool operator==(const RpcRules&) const = default;
};

// Of sections that were checked (settings/key_rules.h, joint_checks.h); null: it is left out.
HttpRules http_rules_of(const JsonNode* section);
RpcRules rpc_rules_of(const JsonNode* section);

}  // namespace tensor_service
