// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// What is refused, where and in which words is Python's: tests/general_model_service holds both to
// each other.

#include "json/json_reader.h"

#include <algorithm>
#include <cstdlib>

#include "json/python_text.h"
#include "json/utf8.h"
#include "text/text_hash.h"

namespace tensor_service {
namespace {

// As deep as Python 3.12 goes; an object takes more of its stack.
constexpr int kDeepestArray = 1497;
constexpr int kDeepestObject = 1494;
constexpr std::size_t kNameShown = 80;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

void JsonReader::refuse(const std::string& what, std::size_t place) const {
  const std::string_view before = text_.substr(0, place);
  const std::size_t line_end = before.rfind('\n');
  const std::size_t line =
      static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')) + 1;
  const std::size_t column =
      count_characters(before.substr(line_end == std::string_view::npos ? 0 : line_end + 1)) + 1;
  throw JsonError("not JSON (" + what + ": line " + std::to_string(line) + " column " +
                  std::to_string(column) + " (char " + std::to_string(count_characters(before)) +
                  "))");
}

void JsonReader::skip_blanks() {
  while (place_ < text_.size() && (text_[place_] == ' ' || text_[place_] == '\t' ||
                                   text_[place_] == '\n' || text_[place_] == '\r')) {
    ++place_;
  }
}

JsonNode JsonReader::read() {
  if (text_.starts_with("\xEF\xBB\xBF")) {
    refuse("Unexpected UTF-8 BOM (decode using utf-8-sig)", 0);
  }
  JsonNode node;
  skip_blanks();
  value(node, 1);
  skip_blanks();
  if (place_ < text_.size()) {
    refuse("Extra data", place_);
  }
  return node;
}

void JsonReader::value(JsonNode& node, int depth) {
  switch (at(place_)) {
    case '"':
      node.kind = JsonKind::kString;
      ++place_;
      node.text = string();
      return;
    case '{':
    case '[':
      if (depth > kDeepestArray) {
        throw JsonError("nested too deeply");
      }
      at(place_) == '{' ? object(node, depth) : array(node, depth);
      return;
    default:
      break;
  }
  if (word(node, "null", JsonKind::kNull) || word(node, "true", JsonKind::kTrue) ||
      word(node, "false", JsonKind::kFalse)) {
    return;
  }
  for (const std::string_view name : {"NaN", "Infinity", "-Infinity"}) {
    constant(name);
  }
  number(node);
}

bool JsonReader::word(JsonNode& node, std::string_view word, JsonKind kind) {
  if (text_.substr(place_, word.size()) != word) {
    return false;
  }
  node.kind = kind;
  place_ += word.size();
  return true;
}

void JsonReader::constant(std::string_view word) {
  if (text_.substr(place_, word.size()) == word) {
    throw JsonError("not JSON (" + std::string(word) + " is no JSON value)");
  }
}

void JsonReader::object(JsonNode& node, int depth) {
  node.kind = JsonKind::kObject;
  ++place_;
  skip_blanks();
  while (!is(place_, '}')) {
    if (!is(place_, '"')) {
      refuse("Expecting property name enclosed in double quotes", place_);
    }
    ++place_;
    JsonNode& member = node.items.emplace_back();
    member.key = string();
    skip_blanks();
    if (!is(place_, ':')) {
      refuse("Expecting ':' delimiter", place_);
    }
    ++place_;
    skip_blanks();
    value(member, depth + 1);
    skip_blanks();
    if (is(place_, '}')) {
      break;
    }
    if (!is(place_, ',')) {
      refuse("Expecting ',' delimiter", place_);
    }
    ++place_;
    skip_blanks();
    if (is(place_, '}')) {
      refuse("Expecting property name enclosed in double quotes", place_);
    }
  }
  ++place_;
  if (depth > kDeepestObject) {
    throw JsonError("nested too deeply");
  }
  check_keys(node);
}

void JsonReader::check_keys(JsonNode& node) const {
  if (!rules_.keys_once) {
    keep_last_of_keys(node);
    return;
  }
  TextSet seen;
  for (const JsonNode& member : node.items) {
    if (!seen.insert(member.key).second) {
      throw JsonError("not JSON (the key " + python_repr(member.key, kNameShown) +
                      " stands twice)");
    }
  }
}

void JsonReader::array(JsonNode& node, int depth) {
  node.kind = JsonKind::kArray;
  ++place_;
  skip_blanks();
  while (!is(place_, ']')) {
    value(node.items.emplace_back(), depth + 1);
    skip_blanks();
    if (is(place_, ']')) {
      break;
    }
    if (!is(place_, ',')) {
      refuse("Expecting ',' delimiter", place_);
    }
    ++place_;
    skip_blanks();
    if (is(place_, ']')) {
      refuse("Expecting value", place_);
    }
  }
  ++place_;
}

void JsonReader::number(JsonNode& node) {
  const std::size_t begin = place_;
  std::size_t end = begin + (is(begin, '-') ? 1 : 0);
  const auto skip_digits = [&] {
    while (is_digit(at(end))) {
      ++end;
    }
  };
  if (!is_digit(at(end))) {
    refuse("Expecting value", begin);
  }
  if (is(end, '0')) {
    ++end;
  } else {
    skip_digits();
  }
  bool is_float = false;
  if (is(end, '.') && is_digit(at(end + 1))) {
    is_float = true;
    ++end;
    skip_digits();
  }
  if (is(end, 'e') || is(end, 'E')) {
    const std::size_t mark = end;
    end += is(end + 1, '+') || is(end + 1, '-') ? 2 : 1;
    if (is_digit(at(end))) {
      is_float = true;
      skip_digits();
    } else {
      end = mark;
    }
  }
  place_ = end;
  const std::string digits(text_.substr(begin, end - begin));
  if (is_float) {
    node.kind = JsonKind::kFloat;
    node.number = std::strtod(digits.c_str(), nullptr);
  } else {
    whole(node, digits);
  }
}

void JsonReader::whole(JsonNode& node, std::string_view digits) {
  const bool is_signed = digits.starts_with('-') && !rules_.counts_sign;
  if (const std::size_t count = digits.size() - (is_signed ? 1 : 0); count > rules_.most_digits) {
    throw JsonError("not JSON (a number has " + std::to_string(count) + " digits)");
  }
  node.kind = JsonKind::kInteger;
  node.text = digits == "-0" ? "0" : digits;
}

}  // namespace tensor_service
