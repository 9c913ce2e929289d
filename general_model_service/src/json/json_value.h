// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Values of a JSON document that simdjson parses on demand: each is looked at with its path, and
// what does not fit is a CallError kMalformed that names it. Called by json_codec.cc.

#pragma once

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "json/json_number.h"

namespace tensor_service {

[[noreturn]] void refuse_json(const std::string& path, const std::string& reason);

// Throws unless error is none.
void check_json(simdjson::error_code error, const JsonPath& path);

template <class T>
T checked(simdjson::simdjson_result<T> result, const JsonPath& path) {
  T value{};
  check_json(std::move(result).get(value), path);
  return value;
}

// "an array", ...
std::string_view type_text(simdjson::ondemand::json_type type);

void expect_type(simdjson::ondemand::value& value, simdjson::ondemand::json_type wanted,
                 const JsonPath& path, std::optional<std::size_t> element = std::nullopt);

// Text of a number, string, true, false or null.
std::string_view scalar_text(simdjson::ondemand::value& value, const JsonPath& path);

bool is_null(simdjson::ondemand::value& value, const JsonPath& path);

// A string, unescaped; lives as long as the document.
std::string_view string_of(simdjson::ondemand::value& value, const JsonPath& path,
                           std::optional<std::size_t> element = std::nullopt);

// Throws unless the value, which nobody reads, is JSON of no more than 64 levels.
void walk(simdjson::ondemand::value& value, const JsonPath& path);

// A key of an object in both spellings of protobuf's JSON mapping.
struct JsonKey {
  std::string_view name;
  std::string_view camel;
};

// Hands each field of keys that is not null to take(place in keys, value, path), once; ignores
// other fields.
template <std::size_t size, class Take>
void for_each_field(simdjson::ondemand::object object, const std::array<JsonKey, size>& keys,
                    JsonPath path, Take take) {
  unsigned seen = 0;
  for (auto field : object) {
    path.field = {};
    const std::string_view name = checked(field.unescaped_key(), path);
    simdjson::ondemand::value value = checked(field.value(), path);
    const auto key = std::find_if(keys.begin(), keys.end(), [name](const JsonKey& known) {
      return known.name == name || known.camel == name;
    });
    if (key == keys.end()) {
      walk(value, path);
      continue;
    }
    const auto place = static_cast<std::size_t>(key - keys.begin());
    path.field = key->name;
    if ((seen >> place & 1U) != 0) {
      refuse_json(path.text(), "stands twice; send it once");
    }
    seen |= 1U << place;
    if (!is_null(value, path)) {
      take(place, value, path);
    }
  }
}

}  // namespace tensor_service
