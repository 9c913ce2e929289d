// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "ranking/rerank_documents.h"

#include <algorithm>
#include <cmath>

#include "json/python_text.h"
#include "json/utf8.h"
#include "ranking/ranking_error.h"
#include "text/text_hash.h"

namespace tensor_service {
namespace {

constexpr std::size_t kMostFields = 64;
constexpr std::int64_t kMostFieldChars = 256;
constexpr std::size_t kNameShown = 80;
// As deep as Python's json writes an object within an answer.
constexpr int kDeepest = 1433;

[[noreturn]] void refuse_value(std::string_view field) {
  refuse_field(field, "must be a text, a number or a list of them");
}

bool is_nested(const JsonNode& node) { return node.is_array() || node.is_object(); }

std::string scalar_text(const JsonNode& value) {
  if (value.is_string()) {
    return value.text;
  }
  std::string text;
  append_json(text, value);
  return text;
}

std::string value_text(const JsonNode& value, std::string_view field) {
  if (!value.is_null() && !is_nested(value)) {
    return scalar_text(value);
  }
  if (!value.is_array() || std::any_of(value.items.begin(), value.items.end(), is_nested)) {
    refuse_value(field);
  }
  std::string text;
  bool first = true;
  for (const JsonNode& item : value.items) {
    if (!item.is_null()) {
      text += (first ? "" : " ") + scalar_text(item);
      first = false;
    }
  }
  return text;
}

GivenDocument own_text(const JsonNode& document, std::size_t number) {
  if (!document.is_object()) {
    return {&document, {}};
  }
  for (const std::string_view name : {"text", "title"}) {
    if (const JsonNode* value = document.given(name)) {
      return {value, {}};
    }
  }
  const auto text = std::find_if(document.items.begin(), document.items.end(),
                                 [](const JsonNode& member) { return member.is_string(); });
  std::string such_as;
  if (text != document.items.end()) {
    such_as = ", such as [" + ascii_json_text(first_characters(text->key, kNameShown)) + "]";
  }
  refuse_field(
      numbered("documents", number),
      "must be a string, or an object with text; name other fields in rank_fields" + such_as);
}

// Nothing where the object has none of the fields.
std::optional<std::string> named_text(const JsonNode& document, std::size_t number,
                                      const FieldNames& names) {
  std::vector<std::string> values;
  bool any = false;
  for (const std::string_view name : names) {
    if (const JsonNode* value = document.given(name)) {
      any = true;
      const std::string field =
          numbered("documents", number) + "." + std::string(first_characters(name, kNameShown));
      values.push_back(value_text(*value, field));
    }
  }
  if (!any) {
    return std::nullopt;
  }
  std::string text;
  for (const std::string& value : values) {
    if (!value.empty()) {
      text += (text.empty() ? "" : "\n") + value;
    }
  }
  return text;
}

struct Faults {
  bool infinite = false;
  bool too_deep = false;
  bool surrogate = false;
};

// What json.dumps meets first counts, and it goes on to the end before it encodes.
void look(const JsonNode& node, int depth, Faults& faults) {
  faults.surrogate =
      faults.surrogate || has_lone_surrogate(node.text) || has_lone_surrogate(node.key);
  if (node.kind == JsonKind::kFloat && std::isinf(node.number)) {
    faults.infinite = true;
  }
  if (is_nested(node) && depth > kDeepest) {
    faults.too_deep = true;
  }
  for (const JsonNode& item : node.items) {
    if (faults.infinite || faults.too_deep) {
      return;
    }
    look(item, depth + 1, faults);
  }
}

[[noreturn]] void refuse_names(const FieldNames& names) {
  std::string shown;
  for (const std::string_view name : names) {
    shown += (shown.empty() ? "" : ", ") + python_repr(name, 40);
  }
  refuse_field("rank_fields",
               "no document has any of " + std::string(first_characters(shown, 200)));
}

}  // namespace

std::optional<FieldNames> read_rank_fields(const JsonNode& value) {
  if (value.is_array() && value.items.empty()) {
    return std::nullopt;
  }
  if (!value.is_array() || value.items.size() > kMostFields) {
    refuse_field("rank_fields",
                 "must be a list of at most " + std::to_string(kMostFields) + " names of fields");
  }
  FieldNames names;
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    names.push_back(check_text(value.items[i], numbered("rank_fields", i), kMostFieldChars));
  }
  TextSet seen;
  for (const std::string_view name : names) {
    if (!seen.insert(name).second) {
      refuse_field("rank_fields", python_repr(name, kNameShown) + " stands twice; name it once");
    }
  }
  return names;
}

RankedTexts texts_of(const JsonNode& documents, const std::optional<FieldNames>& names,
                     std::deque<std::string>& made) {
  RankedTexts ranked;
  for (std::size_t i = 0; documents.is_array() && i < documents.items.size(); ++i) {
    const JsonNode& document = documents.items[i];
    if (!names) {
      ranked.texts.push_back(own_text(document, i));
    } else if (!document.is_object()) {
      ranked.texts.push_back({&document, {}});
    } else if (auto text = named_text(document, i, *names)) {
      made.push_back(std::move(*text));
      ranked.texts.push_back({nullptr, made.back()});
    } else {
      ranked.lacking.push_back(i);
      ranked.texts.push_back({});
    }
  }
  if (!ranked.texts.empty() && ranked.lacking.size() == ranked.texts.size()) {
    refuse_names(*names);
  }
  return ranked;
}

void check_returnable(const JsonNode& documents) {
  for (std::size_t i = 0; documents.is_array() && i < documents.items.size(); ++i) {
    Faults faults;
    if (documents.items[i].is_object()) {
      look(documents.items[i], 1, faults);
    }
    if (faults.infinite || faults.too_deep || faults.surrogate) {
      refuse_field(numbered("documents", i),
                   faults.infinite   ? "holds a number out of range"
                   : faults.too_deep ? "nested too deeply"
                                     : "holds a lone surrogate; send well-formed Unicode");
    }
  }
}

void append_shown_document(std::string& out, const JsonNode& given, std::string_view text) {
  if (given.is_object() && given.given("text") != nullptr) {
    append_json(out, given);
    return;
  }
  out += '{';
  bool written = false;
  for (std::size_t i = 0; given.is_object() && i < given.items.size(); ++i) {
    const JsonNode& member = given.items[i];
    out += i > 0 ? "," : "";
    append_json_text(out, member.key);
    out += ':';
    if (member.key == "text") {
      append_json_text(out, text);
      written = true;
    } else {
      append_json(out, member);
    }
  }
  if (!written) {
    out += given.is_object() && !given.items.empty() ? ",\"text\":" : "\"text\":";
    append_json_text(out, text);
  }
  out += '}';
}

}  // namespace tensor_service
