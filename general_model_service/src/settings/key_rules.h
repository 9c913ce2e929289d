// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// What the keys of config_nlp.yml may hold, and what is said of the rest: the types of
// pipeline/settings/key_types.py, with its words.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/json_node.h"

namespace tensor_service {

struct SectionRule;

enum class ValueKind {
  kFlag,
  kText,
  kTexts,
  kTextMap,
  kWhole,
  kNumber,
  kChoice,
  kMoment,
  kDigest,  // SHA-256 in hexadecimal
  kSection,
  kSections,    // a list of them
  kSectionMap,  // by names of which `choices` has all
};

struct ValueRule {
  ValueKind kind = ValueKind::kText;
  std::optional<double> least = {};
  std::optional<double> most = {};
  std::string_view bounds = {};  // as a refusal tells them
  std::vector<std::string_view> choices = {};
  const SectionRule* section = nullptr;
};

struct KeyRule {
  std::string_view name;
  ValueRule rule;
  // Of a key that upstream has and that does not apply: why, and its default as repr() shows it.
  std::string_view unused = {};
  std::string_view unused_default = {};
};

struct SectionRule {
  std::vector<KeyRule> keys;

  const KeyRule* find(std::string_view name) const;
};

// Throws ConfigError of the first key in the file that cannot be taken. Null means left out.
void check_section(const JsonNode& node, const SectionRule& rule, const std::string& path = "");

// A line for each key that is given and does not apply, in the file's order.
void add_notes(const JsonNode& node, const SectionRule& rule, const std::string& path,
               std::vector<std::string>& notes);

// "http.api_keys" and "name" as "http.api_keys.name".
std::string path_of(const std::string& path, std::string_view key);

// Seconds since 1970 of a moment, or of a text that is one; nothing for any other.
std::optional<double> moment_of(const JsonNode& node);

}  // namespace tensor_service
