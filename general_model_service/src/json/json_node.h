// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A whole JSON document as a tree, read as Python's json module reads one: the same documents are
// taken, and the others refused in the same words. Called by ranking, whose callers know those
// words from the Pipeline; tensors go by json_value.h, which is much faster.

#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tensor_service {

// Not JSON, or not as it has to be; what() is the reason.
class JsonError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

enum class JsonKind : std::uint8_t {
  kNull,
  kFalse,
  kTrue,
  kInteger,
  kFloat,
  kString,
  kArray,
  kObject,
  kMoment  // a date, perhaps with a time; YAML has them, JSON has none
};

struct JsonNode {
  JsonKind kind = JsonKind::kNull;
  double number = 0.0;          // of a float; infinite beyond its range; of a moment since 1970, s
  std::string text;             // of a string; of a whole number its digits; of a moment its repr()
  std::string key;              // of an object's member
  std::vector<JsonNode> items;  // of an array or an object

  bool is_null() const { return kind == JsonKind::kNull; }
  bool is_bool() const { return kind == JsonKind::kTrue || kind == JsonKind::kFalse; }
  bool is_string() const { return kind == JsonKind::kString; }
  bool is_array() const { return kind == JsonKind::kArray; }
  bool is_object() const { return kind == JsonKind::kObject; }
  bool is_whole() const { return kind == JsonKind::kInteger; }

  // Of a whole number; the nearest that there is.
  std::int64_t whole() const;
  // As Python compares: 0, 0.0 and false.
  bool is_zero() const;
  // The member of that name, or null.
  const JsonNode* find(std::string_view name) const;
  JsonNode* find(std::string_view name) {
    return const_cast<JsonNode*>(std::as_const(*this).find(name));
  }
  // The same, but null for one that is null.
  const JsonNode* given(std::string_view name) const;
};

struct JsonRules {
  bool keys_once = true;  // refuse a key that stands twice; else the last one counts
  std::size_t most_digits = 32;
  bool counts_sign = true;  // as one of the digits
};

// A text that is JSON. Throws JsonError.
JsonNode read_json(std::string_view utf8, const JsonRules& rules = {});

// The body of a request: an object in UTF-8, perhaps behind a byte order mark. Throws JsonError.
JsonNode read_json_object(std::string_view body);

// Of members with one key leaves the last one's value, where the first stood, as a dict does.
void keep_last_of_keys(JsonNode& object);

// What the tree of a body takes at most, in bytes.
std::size_t json_tree_bytes(std::string_view body);

}  // namespace tensor_service
