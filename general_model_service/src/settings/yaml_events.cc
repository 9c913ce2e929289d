// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "settings/yaml_events.h"

#include <memory>
#include <new>

#include "settings/yaml_tree.h"

namespace tensor_service {

std::string place_text(std::string_view name, const yaml_mark_t& mark) {
  return " in \"" + std::string(name) + "\", line " + std::to_string(mark.line + 1) + ", column " +
         std::to_string(mark.column + 1);
}

YamlEvents::YamlEvents(std::string_view text, std::string_view name) : name_(name) {
  if (yaml_parser_initialize(&parser_) == 0) {
    throw std::bad_alloc();
  }
  yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()),
                               text.size());
  yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
}

bool YamlEvents::next(const std::function<void(const yaml_event_t&)>& take) {
  yaml_event_t event;
  if (yaml_parser_parse(&parser_, &event) == 0) {
    throw YamlError(reason());
  }
  const std::unique_ptr<yaml_event_t, void (*)(yaml_event_t*)> held(&event, yaml_event_delete);
  take(event);
  return event.type != YAML_STREAM_END_EVENT;
}

// Context and problem, each with its place, as PyYAML has them.
std::string YamlEvents::reason() const {
  if (parser_.error == YAML_MEMORY_ERROR || parser_.problem == nullptr) {
    return "not enough memory";
  }
  if (parser_.error == YAML_READER_ERROR) {
    return std::string(parser_.problem) + " in \"" + std::string(name_) + "\", position " +
           std::to_string(parser_.problem_offset);
  }
  std::string text;
  const yaml_mark_t& begun = parser_.context_mark;
  const yaml_mark_t& stopped = parser_.problem_mark;
  if (parser_.context != nullptr) {
    text = parser_.context;
    const bool elsewhere = begun.line != stopped.line || begun.column != stopped.column;
    text += (elsewhere ? place_text(name_, begun) : "") + " ";
  }
  return text + parser_.problem + place_text(name_, stopped);
}

}  // namespace tensor_service
