// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The sections http and rpc, as the door takes them.

#include "door/door_rules.h"

#include <gtest/gtest.h>

namespace tensor_service {
namespace {

TEST(DoorRules, AreEmptyWhereTheSectionIs) {
  const JsonNode null;
  for (const JsonNode* section : {static_cast<const JsonNode*>(nullptr), &null}) {
    EXPECT_EQ(http_rules_of(section), HttpRules());
    EXPECT_EQ(rpc_rules_of(section), RpcRules());
  }
}

TEST(DoorRules, AreReadOfAllKeys) {
  const JsonNode node =
      read_json(R"({"api_keys": [{"name": "a", "sha256": ")" + std::string(64, 'A') +
                R"(", "requests_per_minute": 2, "max_in_flight": 3, "documents_per_day": null},
          {"name": "b", "key_file": "f"}, {"name": "c", "key_env": "E"}],
         "cors_origins": ["*"], "allowed_hosts": ["*.a-b_c.d."],
         "tls_certificate": "c", "tls_key": "k", "tls_client_ca": "ca"})");
  const HttpRules rules = http_rules_of(&node);
  ASSERT_EQ(rules.api_keys.size(), 3U);
  EXPECT_EQ(rules.api_keys[0], (ApiKeyRule{.name = "a",
                                           .sha256 = std::string(64, 'a'),
                                           .requests_per_minute = 2,
                                           .max_in_flight = 3}));
  EXPECT_EQ(rules.api_keys[1].key_file, "f");
  EXPECT_EQ(rules.api_keys[2].key_env, "E");
  EXPECT_EQ(rules.cors_origins, std::vector<std::string>{"*"});
  EXPECT_EQ(rules.allowed_hosts, std::vector<std::string>{"*.a-b_c.d."});
  EXPECT_EQ(rules.tls, (TlsRule{"c", "k", "ca"}));
  const JsonNode rpc = read_json(R"({"ask_for_key": false, "tls_key": "k"})");
  EXPECT_EQ(rpc_rules_of(&rpc), (RpcRules{false, {std::nullopt, "k", std::nullopt}}));
  const JsonNode none = read_json("{}");
  EXPECT_TRUE(rpc_rules_of(&none).ask_for_key);
}

}  // namespace
}  // namespace tensor_service
