// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The sections http and rpc of config_nlp.yml, checked as pipeline/settings/http.py and rpc.py do:
// who may call, from where, and over what.

#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "json/json_node.h"

namespace tensor_service {

// What cannot be taken, with the path of its key: "http.api_keys[0].name: missing".
class DoorError : public std::runtime_error {
 public:
  DoorError(const std::string& path, const std::string& message)
      : std::runtime_error(path + ": " + message) {}
};

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

// Null: the section is left out. Throw DoorError for the first value that cannot be taken.
HttpRules read_http_rules(const JsonNode* section);
RpcRules read_rpc_rules(const JsonNode* section);
// A list as that of http.api_keys, whose path is how messages call it.
std::vector<ApiKeyRule> read_api_keys(const JsonNode& list, const std::string& path);

// What needs more than one value. Throw DoorError.
void check_http_rules(const HttpRules& rules);
void check_api_keys(const std::vector<ApiKeyRule>& keys, const std::string& path);
// Certificate and key go together, and clients' authorities with them.
void check_tls_rule(const TlsRule& rule, const std::string& section);

}  // namespace tensor_service
