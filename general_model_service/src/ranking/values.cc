// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "ranking/values.h"

#include <algorithm>

#include "json/python_text.h"
#include "json/utf8.h"
#include "ranking/ranking_error.h"

namespace tensor_service {
namespace {

constexpr std::size_t kShown = 40;
constexpr std::int64_t kMaxIdChars = 256;
constexpr std::size_t kMaxRequestId = 128;

[[noreturn]] void refuse_size(std::string_view field, std::size_t size, const char* what,
                              std::int64_t limit) {
  throw RankingError(
      Fault::kTooLarge,
      std::to_string(size) + what + ", at most " + std::to_string(limit) + " allowed",
      std::string(field));
}

}  // namespace

void check_characters(std::string_view text, std::string_view field, std::int64_t limit,
                      bool may_be_empty) {
  const auto most = static_cast<std::size_t>(limit);
  // a character has a byte at least
  if (text.size() > most) {
    if (const std::size_t count = count_characters(text); count > most) {
      refuse_size(field, count, " characters", limit);
    }
  }
  if (!may_be_empty && is_blank(text)) {
    refuse_field(field, "must not be empty");
  }
  if (has_lone_surrogate(text)) {
    refuse_field(field, "holds a lone surrogate; send well-formed Unicode");
  }
}

std::string_view check_text(const JsonNode& value, std::string_view field, std::int64_t limit,
                            bool may_be_empty) {
  if (!value.is_string()) {
    refuse_field(field, "must be a string, got " + std::string(python_type(value)));
  }
  check_characters(value.text, field, limit, may_be_empty);
  return value.text;
}

void check_count(std::size_t count, std::string_view field, std::int64_t limit) {
  if (count == 0) {
    refuse_field(field, "must hold at least one document");
  }
  if (count > static_cast<std::size_t>(limit)) {
    refuse_size(field, count, " documents", limit);
  }
}

void check_choice(std::string_view value, std::string_view shown, std::string_view field,
                  std::initializer_list<std::string_view> choices) {
  if (std::find(choices.begin(), choices.end(), value) != choices.end()) {
    return;
  }
  std::string names;
  for (const std::string_view choice : choices) {
    names += names.empty() ? "" : ", ";
    names += choice;
  }
  refuse_field(field, "must be one of " + names + ", got " + std::string(shown));
}

std::string check_ranker(const JsonNode& value, std::string_view field) {
  // what is no string is none of them
  const std::string name = value.is_string() ? value.text : "";
  check_choice(name, python_repr(value, kShown), field,
               {"pairwise", "cross_encoder", "cascade", "both"});
  return name;
}

std::string check_ranker(const std::string& value, std::string_view field) {
  JsonNode node;
  node.kind = JsonKind::kString;
  node.text = value;
  return check_ranker(node, field);
}

std::int64_t check_whole(const JsonNode& value, std::string_view field,
                         std::optional<std::int64_t> most) {
  if (!value.is_whole() || value.whole() < 1 || (most && value.whole() > *most)) {
    const std::string bounds = most ? "from 1 to " + std::to_string(*most) : "of at least 1";
    refuse_field(field, "must be a whole number " + bounds + ", got " + python_repr(value, kShown));
  }
  return value.whole();
}

bool check_bool(const JsonNode& value, std::string_view field) {
  if (!value.is_bool()) {
    refuse_field(field, "must be true or false, got " + python_repr(value, kShown));
  }
  return value.kind == JsonKind::kTrue;
}

bool is_request_id(std::string_view text) {
  return !text.empty() && text.size() <= kMaxRequestId &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7F'; });
}

std::string check_request_id(const JsonNode& value) {
  if (!value.is_string() || (!value.text.empty() && !is_request_id(value.text))) {
    refuse_field("request_id", "must be 1 to 128 printable ASCII characters");
  }
  return value.text;
}

std::string check_unit(const JsonNode& value, std::string_view field) {
  const std::string_view text = check_text(value, field, kMaxIdChars);
  if (!is_printable(text)) {
    refuse_field(field, "must hold no control characters");
  }
  return std::string(text);
}

std::string numbered(std::string_view name, std::size_t number) {
  return std::string(name) + "[" + std::to_string(number) + "]";
}

}  // namespace tensor_service
