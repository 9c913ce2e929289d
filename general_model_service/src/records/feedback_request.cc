// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "records/feedback_request.h"

#include <cmath>
#include <cstdlib>

#include "json/json_node.h"
#include "json/python_text.h"
#include "ranking/prediction.h"
#include "ranking/ranking_error.h"
#include "ranking/wire_request.h"
#include "ranking/wire_values.h"

namespace tensor_service {
namespace {

constexpr std::size_t kShown = 40;
constexpr double kMostGrade = 1e6;

const std::vector<JsonNode>& items_of(const JsonNode& fields, std::string_view name,
                                      std::int64_t limit) {
  static const std::vector<JsonNode> kNone;
  const JsonNode* value = fields.given(name);
  if (value == nullptr) {
    return kNone;
  }
  if (!value->is_array()) {
    refuse_field(name, "must be a list");
  }
  if (value->items.size() > static_cast<std::size_t>(limit)) {
    throw RankingError(Fault::kTooLarge,
                       std::to_string(value->items.size()) + " entries, at most " +
                           std::to_string(limit) + " allowed",
                       std::string(name));
  }
  return value->items;
}

std::int64_t index_of(const JsonNode& value, const std::string& name, std::int64_t limit) {
  if (!value.is_whole() || value.whole() < 0 || value.whole() >= limit) {
    refuse_field(name, "must be a document's index from 0 to " + std::to_string(limit - 1) +
                           ", got " + python_repr(value, kShown));
  }
  return value.whole();
}

std::pair<std::int64_t, double> grade_of(const JsonNode& value, const std::string& name,
                                         std::int64_t limit) {
  if (!value.is_array() || value.items.size() != 2) {
    refuse_field(name, "must be a pair of a document's index and its grade");
  }
  const JsonNode& grade = value.items[1];
  const double number = grade.is_whole() ? std::strtod(grade.text.c_str(), nullptr) : grade.number;
  const bool is_number = grade.is_whole() || grade.kind == JsonKind::kFloat;
  if (!is_number || !(number >= 0.0 && number <= kMostGrade)) {
    refuse_field(name, "must grade from 0 to 1000000, got " + python_repr(grade, kShown));
  }
  return {index_of(value.items[0], name, limit), number};
}

Feedback feedback_of(const JsonNode& fields, const TextLimits& limits, double now) {
  for (const JsonNode& member : fields.items) {
    if (member.key != "request_id" && member.key != "clicks" && member.key != "grades") {
      refuse_field(member.key, "unknown; known are request_id, clicks, grades");
    }
  }
  Feedback feedback;
  feedback.time = now;
  if (const JsonNode* id = fields.given("request_id")) {
    feedback.request_id = check_request_id(*id);
  }
  if (feedback.request_id.empty()) {
    refuse_field("request_id", "missing; the answer names it");
  }
  if (fields.given("clicks") == nullptr && fields.given("grades") == nullptr) {
    refuse_field("clicks", "missing; send clicks, grades or both");
  }
  const auto& clicks = items_of(fields, "clicks", limits.max_documents);
  const auto& grades = items_of(fields, "grades", limits.max_documents);
  for (std::size_t i = 0; i < clicks.size(); ++i) {
    feedback.clicks.push_back(index_of(clicks[i], numbered("clicks", i), limits.max_documents));
  }
  for (std::size_t i = 0; i < grades.size(); ++i) {
    feedback.grades.push_back(grade_of(grades[i], numbered("grades", i), limits.max_documents));
  }
  return feedback;
}

}  // namespace

Feedback read_feedback(std::string_view body, const TextLimits& limits, double now,
                       const MoreBytes& more) {
  more(json_tree_bytes(body));
  JsonNode fields;
  try {
    fields = read_json_object(body);
  } catch (const JsonError& error) {
    throw RankingError(Fault::kMalformed, error.what(), "body");
  }
  if (fields.find("key") == nullptr && fields.find("value") == nullptr) {
    return feedback_of(fields, limits, now);
  }
  const std::vector<std::string> keys = wire_strings(fields, "key");
  return feedback_of_wire(keys, wire_strings(fields, "value"), limits, now, more);
}

Feedback feedback_of_wire(const std::vector<std::string>& keys,
                          const std::vector<std::string>& values, const TextLimits& limits,
                          double now, const MoreBytes& more) {
  check_wire(keys, values);
  std::size_t trees = 0;
  for (const std::string& value : values) {
    trees += json_tree_bytes(value);
  }
  more(trees);
  JsonNode fields;
  fields.kind = JsonKind::kObject;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const bool is_list = keys[i] == "clicks" || keys[i] == "grades";
    fields.items.push_back(is_list ? decode_value(values[i], keys[i])
                                   : plain_value(values[i], keys[i]));
    fields.items.back().key = keys[i];
  }
  return feedback_of(fields, limits, now);
}

}  // namespace tensor_service
