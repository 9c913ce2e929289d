// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A string of a JSON document in, its text out: what stands between quotes, unescaped.

#include <algorithm>

#include "json/json_reader.h"
#include "json/utf8.h"

namespace tensor_service {
namespace {

constexpr char32_t kNoUnit = 0x10000;

char32_t unit_of(std::string_view four) {
  char32_t unit = 0;
  for (const char c : four) {
    const char32_t digit = c >= '0' && c <= '9'   ? static_cast<char32_t>(c - '0')
                           : c >= 'a' && c <= 'f' ? static_cast<char32_t>(c - 'a' + 10)
                           : c >= 'A' && c <= 'F' ? static_cast<char32_t>(c - 'A' + 10)
                                                  : 0x10;
    if (digit > 0xF) {
      return kNoUnit;
    }
    unit = unit << 4U | digit;
  }
  return unit;
}

}  // namespace

std::string JsonReader::string() {
  const std::size_t begin = place_ - 1;
  std::string out;
  while (true) {
    std::size_t end = place_;
    while (end < text_.size() && text_[end] != '"' && text_[end] != '\\') {
      if (static_cast<unsigned char>(text_[end]) < 0x20) {
        refuse("Invalid control character at", end);
      }
      ++end;
    }
    if (end == text_.size()) {
      refuse("Unterminated string starting at", begin);
    }
    out += text_.substr(place_, end - place_);
    place_ = end + 1;
    if (text_[end] == '"') {
      return out;
    }
    escape(out, begin);
  }
}

// What follows a backslash.
void JsonReader::escape(std::string& out, std::size_t begin) {
  if (place_ == text_.size()) {
    refuse("Unterminated string starting at", begin);
  }
  if (text_[place_] != 'u') {
    constexpr std::string_view kLetters = "\"\\/bfnrt";
    constexpr std::string_view kMeant = "\"\\/\b\f\n\r\t";
    const std::size_t letter = kLetters.find(text_[place_]);
    if (letter == std::string_view::npos) {
      refuse("Invalid \\escape", place_ - 1);
    }
    out += kMeant[letter];
    ++place_;
    return;
  }
  char32_t unit = hexadecimal(place_ + 1, place_);
  place_ += 5;
  const bool high = unit >= 0xD800 && unit <= 0xDBFF;
  if (high && is(place_, '\\') && is(place_ + 1, 'u') && place_ + 6 < text_.size()) {
    const char32_t low = hexadecimal(place_ + 2, place_ + 1);
    if (low >= 0xDC00 && low <= 0xDFFF) {
      unit = 0x10000 + ((unit - 0xD800) << 10U) + (low - 0xDC00);
      place_ += 6;
    }
  }
  append_character(out, unit);
}

char32_t JsonReader::hexadecimal(std::size_t first, std::size_t told) {
  const char32_t unit = unit_of(text_.substr(std::min(first, text_.size()), 4));
  if (first + 4 >= text_.size() || unit == kNoUnit) {
    refuse("Invalid \\uXXXX escape", told);
  }
  return unit;
}

}  // namespace tensor_service
