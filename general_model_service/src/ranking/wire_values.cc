// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "ranking/wire_values.h"

#include <algorithm>
#include <optional>

#include "json/python_characters.h"
#include "json/python_text.h"
#include "json/utf8.h"
#include "ranking/ranking_error.h"

namespace tensor_service {
namespace {

// Python reads no longer whole number
constexpr std::size_t kMaxDigits = 4300;
constexpr std::string_view kArray = "array([";

[[noreturn]] void refuse_literal(std::string_view field, const std::string& reason) {
  throw RankingError(Fault::kMalformed, reason + "; send JSON", std::string(field));
}

std::string_view without_end(std::string_view text, std::size_t count) {
  return text.substr(0, text.size() - std::min(count, text.size()));
}

std::string_view right_stripped(std::string_view text) {
  while (!text.empty()) {
    std::size_t last = text.size() - 1;
    while (last > 0 && (static_cast<unsigned char>(text[last]) & 0xC0U) == 0x80U) {
      --last;
    }
    if (!is_blank(text.substr(last))) {
      break;
    }
    text = text.substr(0, last);
  }
  return text;
}

// Takes an ending off a text.
bool take_end(std::string_view& text, std::string_view end) {
  if (!text.ends_with(end)) {
    return false;
  }
  text.remove_suffix(end.size());
  return true;
}

// The list of array([...], dtype='<U7').
std::optional<std::string_view> numpy_list(std::string_view text) {
  text = stripped(text);
  if (!text.starts_with(kArray) || !take_end(text, "')")) {
    return std::nullopt;
  }
  const std::size_t digits = text.size() - (text.find_last_not_of("0123456789") + 1);
  text = without_end(text, digits);
  if (digits == 0 || !take_end(text, "U") || text.empty() ||
      std::string_view("<>=|").find(text.back()) == std::string_view::npos) {
    return std::nullopt;
  }
  text = without_end(text, 1);
  if (!take_end(text, "dtype='")) {
    return std::nullopt;
  }
  text = right_stripped(text);
  if (!take_end(text, ",") || !text.ends_with(']')) {
    return std::nullopt;
  }
  return text.substr(kArray.size() - 1);
}

// Whether a text is what numpy prints of any array: array([...]), perhaps with a type behind the
// list.
bool is_numpy_print(std::string_view text) {
  text = stripped(text);
  if (!text.starts_with(kArray) || !take_end(text, ")")) {
    return false;
  }
  text.remove_prefix(kArray.size() - 1);
  if (text.size() > 1 && text.ends_with(']')) {
    return true;
  }
  // one pass from the end; no bracket may stand behind a type
  const std::size_t bracket = text.find_last_of("()");
  const std::size_t least = bracket == std::string_view::npos ? 0 : bracket;
  for (std::size_t at = text.rfind("dtype="); at != std::string_view::npos && at > least;
       at = text.rfind("dtype=", at - 1)) {
    std::string_view list = right_stripped(text.substr(0, at));
    if (take_end(list, ",") && list.size() > 1 && list.ends_with(']')) {
      return true;
    }
  }
  return false;
}

// A dict of texts or a list of texts, as Python writes one; nothing more of the language.
class FlatLiteral {
 public:
  explicit FlatLiteral(std::string_view text) : rest_(text) {}

  // False where the text is no such literal at all.
  bool read(JsonNode& node) {
    const bool dict = take('{');
    if (!dict && !take('[')) {
      return false;
    }
    node.kind = dict ? JsonKind::kObject : JsonKind::kArray;
    const char end = dict ? '}' : ']';
    do {
      JsonNode item;
      item.kind = JsonKind::kString;
      if (dict && !(string(item.key) && take(':'))) {
        return false;
      }
      if (!string(item.text)) {
        return false;
      }
      node.items.push_back(std::move(item));
    } while (take(',') && !next_is(end));
    if (dict) {
      keep_last_of_keys(node);
    }
    return take(end) && rest_.empty();
  }

  // An escape that Python refuses was met.
  bool is_wrong() const { return wrong_; }

 private:
  void skip() {
    while (!rest_.empty()) {
      std::string_view after = rest_;
      const char32_t character = take_character(after);
      if (!is_space(character)) {
        return;
      }
      // other spaces than these are found between texts, and then refused by Python's own reader
      wrong_ =
          wrong_ || std::u32string_view(U" \t\f\n\r").find(character) == std::u32string_view::npos;
      rest_ = after;
    }
  }

  bool next_is(char c) {
    skip();
    return rest_.starts_with(c);
  }

  bool take(char c) {
    if (!next_is(c)) {
      return false;
    }
    rest_.remove_prefix(1);
    if (c == '}' || c == ']') {
      return true;
    }
    skip();
    return true;
  }

  bool string(std::string& out) {
    skip();
    if (!rest_.starts_with('\'') && !rest_.starts_with('"')) {
      return false;
    }
    const char quote = rest_[0];
    rest_.remove_prefix(1);
    while (!rest_.empty() && rest_[0] != quote) {
      const char c = rest_[0];
      rest_.remove_prefix(1);
      wrong_ = wrong_ || c == '\r' || c == '\0';
      if (c == '\n' || (c == '\\' && (rest_.empty() || rest_[0] == '\n'))) {
        return false;
      }
      if (c == '\\') {
        escape(out);
      } else {
        out += c;
      }
    }
    if (rest_.empty()) {
      return false;
    }
    rest_.remove_prefix(1);
    return true;
  }

  void escape(std::string& out) {
    constexpr std::string_view kLetters = "\\'\"abfnrtv";
    constexpr std::string_view kMeant = "\\'\"\a\b\f\n\r\t\v";
    const char c = rest_[0];
    rest_.remove_prefix(1);
    if (const std::size_t place = kLetters.find(c); place != std::string_view::npos) {
      out += kMeant[place];
    } else if (c == 'x' || c == 'u' || c == 'U') {
      number(out, 16, c == 'x' ? 2 : c == 'u' ? 4 : 8, true);
    } else if (c >= '0' && c <= '7') {
      rest_ = std::string_view(rest_.data() - 1, rest_.size() + 1);
      number(out, 8, 3, false);
    } else if (c == 'N') {
      wrong_ = true;  // names of characters are not known here
    } else {
      out += '\\';
      out += c;
    }
  }

  void number(std::string& out, char32_t base, int most, bool all) {
    char32_t value = 0;
    int count = 0;
    for (; count < most && !rest_.empty(); ++count) {
      const std::size_t digit =
          std::string_view("0123456789abcdef")
              .find(static_cast<char>(rest_[0] | (rest_[0] >= 'A' ? 0x20 : 0)));
      if (digit >= base) {
        break;
      }
      value = value * base + static_cast<char32_t>(digit);
      rest_.remove_prefix(1);
    }
    wrong_ = wrong_ || (all && count < most) || value > 0x10FFFF;
    if (!wrong_) {
      append_character(out, value);
    }
  }

  std::string_view rest_;
  bool wrong_ = false;
};

std::optional<JsonNode> json_of(std::string_view text) {
  try {
    return read_json(text, {.keys_once = false, .most_digits = kMaxDigits, .counts_sign = false});
  } catch (const JsonError&) {
    return std::nullopt;
  }
}

}  // namespace

JsonNode decode_value(std::string_view text, std::string_view field) {
  if (auto json = json_of(text)) {
    return std::move(*json);
  }
  const std::string_view literal = numpy_list(text).value_or(stripped(text));
  JsonNode node;
  if (literal == "True" || literal == "False" || literal == "None") {
    node.kind = literal == "True"    ? JsonKind::kTrue
                : literal == "False" ? JsonKind::kFalse
                                     : JsonKind::kNull;
    return node;
  }
  FlatLiteral reader(literal);
  if (!reader.read(node)) {
    refuse_literal(field, "neither JSON nor a Python literal of strings");
  }
  if (reader.is_wrong() || has_lone_surrogate(literal)) {
    refuse_literal(field, "not a Python literal (an escape or a character that Python refuses)");
  }
  return node;
}

JsonNode plain_value(std::string_view text, std::string_view field) {
  JsonNode node;
  if (!is_numpy_print(text)) {
    node.kind = JsonKind::kString;
    node.text = text;
    return node;
  }
  node = decode_value(text, field);
  if (node.items.size() != 1 || !node.items[0].is_string()) {
    refuse_field(field, "must be one text, got a list of " + std::to_string(node.items.size()) +
                            "; send the text itself");
  }
  return std::move(node.items[0]);
}

}  // namespace tensor_service
