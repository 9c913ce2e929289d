// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The text of a JSON document in, its tree out, value by value. Called by json_node.cc.

#pragma once

#include "json/json_node.h"

namespace tensor_service {

class JsonReader {
 public:
  JsonReader(std::string_view text, const JsonRules& rules) : text_(text), rules_(rules) {}

  // The whole text. Throws JsonError.
  JsonNode read();

 private:
  [[noreturn]] void refuse(const std::string& what, std::size_t place) const;
  char at(std::size_t place) const { return place < text_.size() ? text_[place] : '\0'; }
  bool is(std::size_t place, char c) const { return place < text_.size() && text_[place] == c; }
  void skip_blanks();

  // Each reads what begins at place_ and leaves place_ behind it.
  void value(JsonNode& node, int depth);
  void object(JsonNode& node, int depth);
  void array(JsonNode& node, int depth);
  bool word(JsonNode& node, std::string_view word, JsonKind kind);
  void constant(std::string_view word);
  void number(JsonNode& node);
  void whole(JsonNode& node, std::string_view digits);
  std::string string();
  void escape(std::string& out, std::size_t begin);
  char32_t hexadecimal(std::size_t first, std::size_t told);
  void check_keys(JsonNode& node) const;

  const std::string_view text_;
  const JsonRules rules_;
  std::size_t place_ = 0;
};

}  // namespace tensor_service
