// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "ranking/experiment_requests.h"

#include <algorithm>
#include <array>
#include <optional>

#include "experiments/describe.h"
#include "experiments/router.h"
#include "experiments/team_draft.h"
#include "json/python_text.h"
#include "json/utf8.h"

namespace tensor_service {
namespace {

constexpr std::array kUnitFields =
    std::to_array<std::string_view>({"unit_id", "user_id", "query", "experiment"});
constexpr std::array kDraftFields = std::to_array<std::string_view>({"orders", "seed"});
constexpr std::int64_t kMostSeedChars = 1024;
constexpr std::size_t kShown = 80;
constexpr std::size_t kMostFieldChars = 200;

template <std::size_t size>
void check_known(const JsonNode& fields, const std::array<std::string_view, size>& known) {
  std::string names;
  for (const std::string_view name : known) {
    names += (names.empty() ? "" : ", ") + std::string(name);
  }
  for (const JsonNode& member : fields.items) {
    if (std::find(known.begin(), known.end(), member.key) == known.end()) {
      refuse_field(member.key, "unknown; known are " + names);
    }
  }
}

// The member of that name, null for one that is nothing as Python's "or" has it.
const JsonNode* truthy(const JsonNode& fields, std::string_view name) {
  const JsonNode* value = fields.find(name);
  if (value == nullptr || value->is_null() || value->is_zero()) {
    return nullptr;
  }
  const bool is_list = value->is_array() || value->is_object();
  const bool is_empty =
      (value->is_string() && value->text.empty()) || (is_list && value->items.empty());
  return is_empty ? nullptr : value;
}

std::string unit_field(const JsonNode& fields, std::string_view name) {
  const JsonNode* value = truthy(fields, name);
  return value == nullptr ? "" : check_unit(*value, name);
}

void check_experiment(const std::string& name, const Plan& plan) {
  if (name.empty() || plan.find(name) != nullptr) {
    return;
  }
  std::string known;
  for (const Experiment& one : plan.experiments) {
    known += (known.empty() ? "" : ", ") + one.name;
  }
  refuse_field("experiment", "no experiment " + python_repr(name, kShown) +
                                 "; there are: " + (known.empty() ? "none" : known));
}

std::vector<std::size_t> order_of(const JsonNode& value, const std::string& where,
                                  std::int64_t most) {
  const std::size_t size = value.items.size();
  if (!value.is_array() || size < 1 || size > static_cast<std::size_t>(most)) {
    refuse_field(where, "must be a list of 1 to " + std::to_string(most) + " numbers");
  }
  std::vector<std::size_t> order;
  std::vector<bool> seen(size);
  for (const JsonNode& item : value.items) {
    const std::int64_t number = item.is_whole() ? item.whole() : -1;
    if (number < 0 || number >= static_cast<std::int64_t>(size) ||
        seen[static_cast<std::size_t>(number)]) {
      refuse_field(where, "must hold each number from 0 on once");
    }
    seen[static_cast<std::size_t>(number)] = true;
    order.push_back(static_cast<std::size_t>(number));
  }
  return order;
}

std::string numbers_json(const std::vector<std::size_t>& numbers) {
  std::string out;
  for (const std::size_t number : numbers) {
    out += (out.empty() ? "" : ",") + std::to_string(number);
  }
  return "[" + out + "]";
}

std::optional<unsigned> hexadecimal(char c) {
  if (c >= '0' && c <= '9') {
    return static_cast<unsigned>(c - '0');
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? std::optional(static_cast<unsigned>(lower - 'a') + 10)
                                      : std::nullopt;
}

// UTF-8 with U+FFFD for each part that is none, as Python's decoder replaces.
void append_replaced(std::string& out, std::string_view bytes) {
  while (!bytes.empty()) {
    if (const std::size_t length = utf8_length(bytes); length > 0) {
      out += bytes.substr(0, length);
      bytes.remove_prefix(length);
      continue;
    }
    // the longest beginning of a character counts as one
    std::size_t wrong = 1;
    const auto can_begin = [&](std::size_t size) {
      const std::string begin(bytes.substr(0, size));
      return utf8_length(begin + "\x80") > size || utf8_length(begin + "\x80\x80") > size;
    };
    while (wrong < std::min<std::size_t>(3, bytes.size()) && can_begin(wrong + 1)) {
      ++wrong;
    }
    append_character(out, U'\uFFFD');
    bytes.remove_prefix(wrong);
  }
}

// As urllib.parse.unquote_plus of a text that came as Latin-1.
std::string unquoted(std::string_view text) {
  std::string out;
  std::string ascii;  // bytes that stand for a text in UTF-8
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (static_cast<unsigned char>(text[i]) >= 0x80) {
      append_replaced(out, ascii);
      ascii.clear();
      append_character(out, static_cast<unsigned char>(text[i]));
      continue;
    }
    const auto high =
        text[i] == '%' && i + 2 < text.size() ? hexadecimal(text[i + 1]) : std::nullopt;
    const auto low = high ? hexadecimal(text[i + 2]) : std::nullopt;
    ascii += low ? static_cast<char>(*high * 16 + *low) : text[i] == '+' ? ' ' : text[i];
    i += low ? 2 : 0;
  }
  append_replaced(out, ascii);
  return out;
}

}  // namespace

JsonNode fields_of_query(std::string_view query) {
  JsonNode fields;
  fields.kind = JsonKind::kObject;
  while (!query.empty()) {
    const std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(part.size() + 1, query.size()));
    if (part.empty()) {
      continue;
    }
    const std::size_t equals = std::min(part.find('='), part.size());
    JsonNode& field = fields.items.emplace_back();
    field.kind = JsonKind::kString;
    field.key = unquoted(part.substr(0, equals));
    field.text = unquoted(part.substr(std::min(equals + 1, part.size())));
  }
  keep_last_of_keys(fields);
  return fields;
}

JsonNode experiment_fields(std::string_view body, std::size_t most) {
  if (body.size() > most) {
    throw RankingError(Fault::kTooLarge, "more than " + std::to_string(most) + " bytes", "body");
  }
  try {
    return read_json_object(body);
  } catch (const JsonError& error) {
    throw RankingError(Fault::kMalformed, error.what(), "body");
  }
}

std::string answer_assignment(const JsonNode& fields, const Plan& plan, const TextLimits& limits,
                              double now) {
  check_known(fields, kUnitFields);
  if (std::none_of(kUnitFields.begin(), kUnitFields.begin() + 3,
                   [&](std::string_view name) { return truthy(fields, name) != nullptr; })) {
    refuse_field("unit_id", "missing; name a unit_id, a user_id or a query");
  }
  const JsonNode* query = truthy(fields, "query");
  const std::string_view text =
      query == nullptr ? "" : check_text(*query, "query", limits.max_query_chars, true);
  const std::string unit_id = unit_field(fields, "unit_id");
  const std::string user_id = unit_field(fields, "user_id");
  const std::string experiment = unit_field(fields, "experiment");
  check_experiment(experiment, plan);
  return assignment_json(plan, {unit_id, user_id, text}, experiment, now);
}

std::string answer_interleave(const JsonNode& fields, const TextLimits& limits) {
  check_known(fields, kDraftFields);
  const JsonNode* orders = fields.find("orders");
  if (orders == nullptr || !orders->is_array() || orders->items.size() != 2) {
    refuse_field("orders", "must be two lists of document numbers, best first");
  }
  const auto first = order_of(orders->items[0], "orders[0]", limits.max_documents);
  const auto second = order_of(orders->items[1], "orders[1]", limits.max_documents);
  if (first.size() != second.size()) {
    refuse_field("orders[1]", "must hold as many documents as orders[0], " +
                                  std::to_string(first.size()) + ", got " +
                                  std::to_string(second.size()));
  }
  const JsonNode* given = fields.find("seed");
  const std::string_view seed =
      given == nullptr ? "" : check_text(*given, "seed", kMostSeedChars, true);
  const TeamDraft draft = team_draft(first, second, seed);
  return "{\"order\":" + numbers_json(draft.order) + ",\"pickers\":" + numbers_json(draft.pickers) +
         "}";
}

std::string problem_json(const RankingError& error) {
  std::string field = "null";
  if (error.field) {
    field = json_text(first_characters(with_escaped_surrogates(*error.field), kMostFieldChars));
  }
  return "{\"error\":{\"code\":" + json_text(error.facts().code) +
         ",\"message\":" + json_text(with_escaped_surrogates(error.message)) +
         ",\"field\":" + field + "}}";
}

}  // namespace tensor_service
