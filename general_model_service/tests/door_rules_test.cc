// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The sections http and rpc: what is read, and what is said of the rest, in the Pipeline's words.

#include "door/door_rules.h"

#include <gtest/gtest.h>

namespace tensor_service {
namespace {

const std::string kDigest(64, 'a');

std::string error_of(const std::string& section, bool rpc = false) {
  try {
    const JsonNode node = read_json(section);
    if (rpc) {
      check_tls_rule(read_rpc_rules(&node).tls, "rpc");
    } else {
      check_http_rules(read_http_rules(&node));
    }
  } catch (const DoorError& error) {
    return error.what();
  }
  return "none";
}

TEST(DoorRules, AreEmptyWhereTheSectionIs) {
  const JsonNode null;
  for (const JsonNode* section : {static_cast<const JsonNode*>(nullptr), &null}) {
    EXPECT_EQ(read_http_rules(section), HttpRules());
    EXPECT_EQ(read_rpc_rules(section), RpcRules());
  }
}

TEST(DoorRules, AreReadOfAllKeys) {
  const JsonNode node =
      read_json(R"({"api_keys": [{"name": "a", "sha256": ")" + std::string(64, 'A') +
                R"(", "requests_per_minute": 2, "max_in_flight": 3, "documents_per_day": null},
          {"name": "b", "key_file": "f"}, {"name": "c", "key_env": "E"}],
         "cors_origins": ["*"], "allowed_hosts": ["*.a-b_c.d."],
         "tls_certificate": "c", "tls_key": "k", "tls_client_ca": "ca"})");
  const HttpRules rules = read_http_rules(&node);
  check_http_rules(rules);
  ASSERT_EQ(rules.api_keys.size(), 3U);
  EXPECT_EQ(
      rules.api_keys[0],
      (ApiKeyRule{.name = "a", .sha256 = kDigest, .requests_per_minute = 2, .max_in_flight = 3}));
  EXPECT_EQ(rules.api_keys[1].key_file, "f");
  EXPECT_EQ(rules.api_keys[2].key_env, "E");
  EXPECT_EQ(rules.tls, (TlsRule{"c", "k", "ca"}));
  const JsonNode rpc = read_json(R"({"ask_for_key": false})");
  EXPECT_FALSE(read_rpc_rules(&rpc).ask_for_key);
}

TEST(DoorRules, NameWhatCannotBe) {
  const std::string key = R"({"name": "a", "sha256": ")" + kDigest + "\"}";
  const std::pair<std::string, std::string> wrong[] = {
      {"[]", "http: must hold keys and values"},
      {R"({"api_keys": {}})", "http.api_keys: must be a list"},
      {R"({"api_keys": [1]})", "http.api_keys[0]: must hold keys and values"},
      {R"({"api_keys": [{"name": "a"}]})",
       "http.api_keys[0].sha256: missing; give one of sha256, key_file, key_env"},
      {R"({"api_keys": [{"name": "a", "key_file": "f", "key_env": "e"}]})",
       "http.api_keys[0].sha256: key_file and key_env are given; give one of sha256, key_file, "
       "key_env"},
      {R"({"api_keys": [{"key_file": "f"}]})", "http.api_keys[0].name: missing"},
      {R"({"api_keys": [{"name": "a", "sha256": "secret"}]})",
       "http.api_keys[0].sha256: must be the SHA-256 of the key in hexadecimal; printf %s KEY | "
       "sha256sum prints it"},
      {"{\"api_keys\": [" + key + ", " + key + "]}", "http.api_keys[0].name: a stands twice"},
      {R"({"api_keys": [{"name": 1}]})",
       "http.api_keys[0].name: must be text, got 1; put it in quotes"},
      {R"({"api_keys": [{"max_in_flight": 0}]})",
       "http.api_keys[0].max_in_flight: must be a whole number >= 1, got 0"},
      {R"({"api_keys": [{"max_in_flight": true}]})",
       "http.api_keys[0].max_in_flight: must be a whole number >= 1, got True"},
      {R"({"api_keys": [{"max_in_flight": 1.0}]})",
       "http.api_keys[0].max_in_flight: must be a whole number >= 1, got 1.0"},
      {R"({"cors_origins": "x"})", "http.cors_origins: must be a list of texts, got 'x'"},
      {R"({"cors_origins": ["x", 1]})", "http.cors_origins: must be a list of texts, got ['x', 1]"},
      {R"({"allowed_hosts": ["a", "http://a"]})",
       "http.allowed_hosts[1]: must be a name without scheme, port and path, such as "
       "rank.example.com or *.example.com, got 'http://a'"},
      {R"({"tls_key": "k"})", "http.tls_certificate: missing; certificate and key go together"},
      {R"({"tls_certificate": "c"})", "http.tls_key: missing; certificate and key go together"},
      {R"({"tls_client_ca": "c"})",
       "http.tls_certificate: missing; tls_client_ca needs a certificate and a key of the "
       "service"}};
  for (const auto& [section, message] : wrong) {
    EXPECT_EQ(error_of(section), message);
  }
  for (const char* host : {"", "a..b", ".a", "a.*", "*a", "*.", "a:1", "a/b", "."}) {
    EXPECT_NE(error_of(R"({"allowed_hosts": [")" + std::string(host) + "\"]}"), "none") << host;
  }
  EXPECT_TRUE(error_of(R"({"api_key": []})").starts_with("http.api_key: unknown key; "));
  EXPECT_EQ(error_of(R"({"ask_for_key": "no"})", true),
            "rpc.ask_for_key: must be true or false, got 'no'");
  EXPECT_EQ(error_of(R"({"tls_key": "k"})", true),
            "rpc.tls_certificate: missing; certificate and key go together");
}

}  // namespace
}  // namespace tensor_service
