// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// What libyaml's parser tells of a text, one event after the other. Called by yaml_tree.cc.

#pragma once

#include <yaml.h>

#include <functional>
#include <string>
#include <string_view>

namespace tensor_service {

// As PyYAML writes where it is, of a file with that name.
std::string place_text(std::string_view name, const yaml_mark_t& mark);

inline std::string text_of(const yaml_char_t* text) {
  return text == nullptr ? std::string() : reinterpret_cast<const char*>(text);
}

// The text and the name have to stay.
class YamlEvents {
 public:
  YamlEvents(std::string_view text, std::string_view name);
  YamlEvents(const YamlEvents&) = delete;
  YamlEvents& operator=(const YamlEvents&) = delete;
  ~YamlEvents() { yaml_parser_delete(&parser_); }

  // Hands the next one over; false when it was the last. Throws YamlError.
  bool next(const std::function<void(const yaml_event_t&)>& take);

 private:
  std::string reason() const;

  const std::string_view name_;
  yaml_parser_t parser_{};
};

}  // namespace tensor_service
