// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Values of a part of config_nlp.yml that settings has checked: what is there has its type, and
// null counts as left out.

#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "json/json_node.h"

namespace tensor_service {

inline std::string text_of(const JsonNode& section, std::string_view key,
                           std::string_view otherwise = "") {
  const JsonNode* value = section.given(key);
  return std::string(value == nullptr ? otherwise : std::string_view(value->text));
}

inline double number_of(const JsonNode& section, std::string_view key, double otherwise) {
  const JsonNode* value = section.given(key);
  if (value == nullptr) {
    return otherwise;
  }
  return value->is_whole() ? std::strtod(value->text.c_str(), nullptr) : value->number;
}

inline std::int64_t whole_of(const JsonNode& section, std::string_view key,
                             std::int64_t otherwise) {
  const JsonNode* value = section.given(key);
  return value == nullptr ? otherwise : value->whole();
}

inline bool flag_of(const JsonNode& section, std::string_view key, bool otherwise) {
  const JsonNode* value = section.given(key);
  return value == nullptr ? otherwise : value->kind == JsonKind::kTrue;
}

}  // namespace tensor_service
