// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "json/python_text.h"

#include <algorithm>
#include <cmath>

#include "json/python_characters.h"
#include "json/utf8.h"

namespace tensor_service {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

void append_hex(std::string& out, char32_t number, int digits) {
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
    out += kHex[number >> static_cast<unsigned>(shift) & 0xFU];
  }
}

void append_repr(std::string& out, char32_t character, char quote) {
  const char32_t controls[] = {'\t', '\n', '\r'};
  if (character == static_cast<char32_t>(quote) || character == '\\') {
    out += '\\';
    out += static_cast<char>(character);
  } else if (const auto* found = std::find(std::begin(controls), std::end(controls), character);
             found != std::end(controls)) {
    out += '\\';
    out += "tnr"[found - controls];
  } else if (!is_unprintable(character)) {
    append_character(out, character);
  } else if (character <= 0xFF) {
    out += "\\x";
    append_hex(out, character, 2);
  } else if (character <= 0xFFFF) {
    out += "\\u";
    append_hex(out, character, 4);
  } else {
    out += "\\U";
    append_hex(out, character, 8);
  }
}

// Writes no more than is shown, however long what is shown goes on.
class Repr {
 public:
  explicit Repr(std::size_t most) : most_(most) {}

  std::string take() && { return std::string(first_characters(out_, most_)); }

  void text(std::string_view text) {
    const bool has_single = text.find('\'') != std::string_view::npos;
    const char quote = has_single && text.find('"') == std::string_view::npos ? '"' : '\'';
    out_ += quote;
    while (!text.empty() && !full()) {
      append_repr(out_, take_character(text), quote);
    }
    out_ += quote;
  }

  void node(const JsonNode& node) {
    switch (node.kind) {
      case JsonKind::kNull:
        out_ += "None";
        return;
      case JsonKind::kFalse:
        out_ += "False";
        return;
      case JsonKind::kTrue:
        out_ += "True";
        return;
      case JsonKind::kInteger:
        out_ += node.text;
        return;
      case JsonKind::kFloat:
        out_ += std::isinf(node.number)   ? (node.number < 0 ? "-inf" : "inf")
                : std::isnan(node.number) ? "nan"
                                          : python_float(node.number);
        return;
      case JsonKind::kString:
        text(node.text);
        return;
      case JsonKind::kArray:
      case JsonKind::kObject:
        items(node);
        return;
      case JsonKind::kMoment:
        out_ += node.text;
        return;
    }
  }

 private:
  // a character takes four bytes at most
  bool full() const { return out_.size() >= 4 * most_; }

  void items(const JsonNode& of) {
    out_ += of.is_object() ? '{' : '[';
    for (std::size_t i = 0; i < of.items.size() && !full(); ++i) {
      out_ += i > 0 ? ", " : "";
      if (of.is_object()) {
        text(of.items[i].key);
        out_ += ": ";
      }
      node(of.items[i]);
    }
    out_ += of.is_object() ? '}' : ']';
  }

  const std::size_t most_;
  std::string out_;
};

void append_escaped(std::string& out, char c) {
  constexpr std::string_view kSpecial = "\"\\\b\f\n\r\t";
  constexpr std::string_view kLetters = "\"\\bfnrt";
  if (const std::size_t place = kSpecial.find(c); place != std::string_view::npos) {
    out += '\\';
    out += kLetters[place];
  } else if (static_cast<unsigned char>(c) < 0x20) {
    out += "\\u";
    append_hex(out, static_cast<unsigned char>(c), 4);
  } else {
    out += c;
  }
}

}  // namespace

std::string python_repr(std::string_view text, std::size_t most) {
  Repr repr(most);
  repr.text(text);
  return std::move(repr).take();
}

std::string python_repr(const JsonNode& node, std::size_t most) {
  Repr repr(most);
  repr.node(node);
  return std::move(repr).take();
}

std::string_view python_type(const JsonNode& node) {
  switch (node.kind) {
    case JsonKind::kNull:
      return "NoneType";
    case JsonKind::kFalse:
    case JsonKind::kTrue:
      return "bool";
    case JsonKind::kInteger:
      return "int";
    case JsonKind::kFloat:
      return "float";
    case JsonKind::kString:
      return "str";
    case JsonKind::kArray:
      return "list";
    case JsonKind::kMoment:
      return node.text.starts_with("datetime.date(") ? "date" : "datetime";
    case JsonKind::kObject:
      break;
  }
  return "dict";
}

std::string_view stripped(std::string_view text) {
  std::string_view rest = text;
  std::size_t begin = text.size();
  std::size_t end = text.size();
  while (!rest.empty()) {
    const std::size_t place = text.size() - rest.size();
    if (!is_space(take_character(rest))) {
      begin = std::min(begin, place);
      end = text.size() - rest.size();
    }
  }
  return text.substr(begin, end - begin);
}

bool is_blank(std::string_view text) {
  while (!text.empty()) {
    if (!is_space(take_character(text))) {
      return false;
    }
  }
  return true;
}

bool is_printable(std::string_view text) {
  while (!text.empty()) {
    if (is_unprintable(take_character(text))) {
      return false;
    }
  }
  return true;
}

void append_json_text(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    append_escaped(out, c);
  }
  out += '"';
}

std::string json_text(std::string_view text) {
  std::string out;
  append_json_text(out, text);
  return out;
}

std::string ascii_json_text(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const char32_t character = take_character(text);
    if (character < 0x7F) {
      append_escaped(out, static_cast<char>(character));
    } else if (character <= 0xFFFF) {
      out += "\\u";
      append_hex(out, character, 4);
    } else {
      out += "\\u";
      append_hex(out, 0xD800 + ((character - 0x10000) >> 10U), 4);
      out += "\\u";
      append_hex(out, 0xDC00 + ((character - 0x10000) & 0x3FFU), 4);
    }
  }
  return out + '"';
}

void append_json(std::string& out, const JsonNode& node, const JsonStyle& style) {
  switch (node.kind) {
    case JsonKind::kNull:
      out += "null";
      return;
    case JsonKind::kFalse:
      out += "false";
      return;
    case JsonKind::kTrue:
      out += "true";
      return;
    case JsonKind::kInteger:
      out += node.text;
      return;
    case JsonKind::kFloat:
      out += python_float(node.number);
      return;
    case JsonKind::kString:
    case JsonKind::kMoment:
      append_json_text(out, node.text);
      return;
    case JsonKind::kArray:
    case JsonKind::kObject:
      break;
  }
  out += node.is_object() ? '{' : '[';
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    out += i > 0 ? style.comma : std::string_view();
    if (node.is_object()) {
      append_json_text(out, node.items[i].key);
      out += style.colon;
    }
    append_json(out, node.items[i], style);
  }
  out += node.is_object() ? '}' : ']';
}

std::string with_escaped_surrogates(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const char32_t character = take_character(text);
    if (character >= 0xD800 && character <= 0xDFFF) {
      out += "\\u";
      append_hex(out, character, 4);
    } else {
      append_character(out, character);
    }
  }
  return out;
}

}  // namespace tensor_service
