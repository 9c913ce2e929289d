// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "settings/key_rules.h"

#include <algorithm>
#include <cmath>

#include "json/python_text.h"
#include "settings/close_match.h"
#include "settings/config_error.h"
#include "settings/iso_moment.h"

namespace tensor_service {
namespace {

constexpr std::size_t kShown = 2000;
constexpr std::size_t kDigestLength = 64;

std::string shown(const JsonNode& node) { return python_repr(node, kShown); }

std::string joined(const std::vector<std::string_view>& names) {
  std::string text;
  for (const std::string_view name : names) {
    text += (text.empty() ? "" : ", ") + std::string(name);
  }
  return text;
}

[[noreturn]] void refuse(const std::string& path, const std::string& text) {
  throw ConfigError(path.empty() ? "the file" : path, text);
}

[[noreturn]] void refuse_unknown(const std::string& path, std::string_view name,
                                 const std::vector<std::string_view>& known) {
  const std::string_view near = close_match(name, known);
  throw ConfigError(path_of(path, name),
                    near.empty() ? "unknown key; known are " + joined(known)
                                 : "unknown key; did you mean " + std::string(near) + "?");
}

// A mapping from texts.
void check_mapping(const JsonNode& node, const std::string& path) {
  if (!node.is_object() || !node.text.empty()) {
    refuse(path, "must hold keys and values");
  }
}

bool is_within(double value, const ValueRule& rule) {
  return !(rule.least && value < *rule.least) && !(rule.most && value > *rule.most);
}

bool is_number(const JsonNode& node, const ValueRule& rule) {
  if (!node.is_whole() && node.kind != JsonKind::kFloat) {
    return false;
  }
  const double value = node.is_whole() ? static_cast<double>(node.whole()) : node.number;
  return std::isfinite(value) && is_within(value, rule);
}

bool is_texts(const JsonNode& node) {
  return node.is_array() && std::all_of(node.items.begin(), node.items.end(),
                                        [](const JsonNode& item) { return item.is_string(); });
}

bool is_digest(std::string_view text) {
  return text.size() == kDigestLength &&
         text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

void check_text(const JsonNode& node, const std::string& path) {
  if (!node.is_string()) {
    refuse(path, "must be text, got " + shown(node) + "; put it in quotes");
  }
}

void check_digest(const JsonNode& node, const std::string& path) {
  check_text(node, path);
  if (!is_digest(node.text)) {
    refuse(path,
           "must be the SHA-256 of the key in hexadecimal; printf %s KEY | sha256sum prints it");
  }
}

void check_choice(const JsonNode& node, const ValueRule& rule, const std::string& path) {
  const bool known = node.is_string() && std::find(rule.choices.begin(), rule.choices.end(),
                                                   node.text) != rule.choices.end();
  if (!known) {
    refuse(path, "must be one of " + joined(rule.choices) + ", got " + shown(node));
  }
}

void check_sections(const JsonNode& node, const ValueRule& rule, const std::string& path) {
  if (!node.is_array()) {
    refuse(path, "must be a list");
  }
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    check_section(node.items[i], *rule.section, path + "[" + std::to_string(i) + "]");
  }
}

void check_section_map(const JsonNode& node, const ValueRule& rule, const std::string& path) {
  check_mapping(node, path);
  for (const JsonNode& member : node.items) {
    if (std::find(rule.choices.begin(), rule.choices.end(), member.key) == rule.choices.end()) {
      refuse_unknown(path, member.key, rule.choices);
    }
  }
  for (const JsonNode& member : node.items) {
    check_section(member, *rule.section, path_of(path, member.key));
  }
}

void check_value(const JsonNode& node, const ValueRule& rule, const std::string& path) {
  const std::string bounds(rule.bounds);
  switch (rule.kind) {
    case ValueKind::kFlag:
      if (!node.is_bool()) {
        refuse(path, "must be true or false, got " + shown(node));
      }
      return;
    case ValueKind::kWhole:
      if (!node.is_whole() || !is_number(node, rule)) {
        refuse(path, "must be a whole number" + bounds + ", got " + shown(node));
      }
      return;
    case ValueKind::kNumber:
      if (!is_number(node, rule)) {
        refuse(path, "must be a number" + bounds + ", got " + shown(node));
      }
      return;
    case ValueKind::kText:
      return check_text(node, path);
    case ValueKind::kDigest:
      return check_digest(node, path);
    case ValueKind::kTexts:
      if (!is_texts(node)) {
        refuse(path, "must be a list of texts, got " + shown(node));
      }
      return;
    case ValueKind::kTextMap:
      check_mapping(node, path);
      for (const JsonNode& member : node.items) {
        check_text(member, path_of(path, member.key));
      }
      return;
    case ValueKind::kChoice:
      return check_choice(node, rule, path);
    case ValueKind::kMoment:
      if (!moment_of(node)) {
        refuse(path, "must be a date and time like 2026-11-24T08:00:00Z, got " + shown(node));
      }
      return;
    case ValueKind::kSection:
      return check_section(node, *rule.section, path);
    case ValueKind::kSections:
      return check_sections(node, rule, path);
    case ValueKind::kSectionMap:
      return check_section_map(node, rule, path);
  }
}

}  // namespace

const KeyRule* SectionRule::find(std::string_view name) const {
  const auto found =
      std::find_if(keys.begin(), keys.end(), [&](const KeyRule& key) { return key.name == name; });
  return found == keys.end() ? nullptr : &*found;
}

std::string path_of(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : path + "." + std::string(key);
}

std::optional<double> moment_of(const JsonNode& node) {
  if (node.kind == JsonKind::kMoment) {
    return node.number;
  }
  return node.is_string() ? iso_moment(node.text) : std::nullopt;
}

void check_section(const JsonNode& node, const SectionRule& rule, const std::string& path) {
  check_mapping(node, path);
  for (const JsonNode& member : node.items) {
    const KeyRule* key = rule.find(member.key);
    if (key == nullptr) {
      std::vector<std::string_view> known;
      for (const KeyRule& one : rule.keys) {
        known.push_back(one.name);
      }
      refuse_unknown(path, member.key, known);
    }
    if (!member.is_null()) {
      check_value(member, key->rule, path_of(path, member.key));
    }
  }
}

void add_notes(const JsonNode& node, const SectionRule& rule, const std::string& path,
               std::vector<std::string>& notes) {
  for (const JsonNode& member : node.items) {
    const KeyRule* key = rule.find(member.key);
    if (key == nullptr || member.is_null()) {
      continue;
    }
    const std::string where = path_of(path, member.key);
    if (!key->unused.empty() && shown(member) != key->unused_default) {
      notes.push_back(where + ": " + std::string(key->unused));
    }
    if (key->rule.kind == ValueKind::kSection) {
      add_notes(member, *key->rule.section, where, notes);
    } else if (key->rule.kind == ValueKind::kSectionMap) {
      for (const JsonNode& section : member.items) {
        add_notes(section, *key->rule.section, path_of(where, section.key), notes);
      }
    }
  }
}

}  // namespace tensor_service
