// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Numbers and texts as Python writes them: repr() for messages, json.dumps for answers and for the
// versions of bundles. Texts are UTF-8, in which lone surrogates may stand.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "json/json_node.h"

namespace tensor_service {

// The fewest digits that read back as the number, laid out as repr() and json.dumps do; of an
// infinite one "Infinity" or "-Infinity", as json.dumps has it.
std::string python_float(double value);

// repr() of a text or a value, cut to so many characters.
std::string python_repr(std::string_view text, std::size_t most);
std::string python_repr(const JsonNode& node, std::size_t most);

// What type(value).__name__ is.
std::string_view python_type(const JsonNode& node);

// str.strip(), and whether it would leave nothing.
std::string_view stripped(std::string_view text);
bool is_blank(std::string_view text);

// str.isprintable().
bool is_printable(std::string_view text);

// In quotes, as json.dumps does with ensure_ascii=False, and as it does without.
void append_json_text(std::string& out, std::string_view text);
std::string json_text(std::string_view text);
std::string ascii_json_text(std::string_view text);

struct JsonStyle {
  std::string_view comma = ",";
  std::string_view colon = ":";
};

// json.dumps with ensure_ascii=False.
void append_json(std::string& out, const JsonNode& node, const JsonStyle& style = {});

// Lone surrogates as "\ud800", which UTF-8 can hold.
std::string with_escaped_surrogates(std::string_view text);

}  // namespace tensor_service
