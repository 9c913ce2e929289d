// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "ranking/rank_request.h"

#include <algorithm>
#include <array>

#include "ranking/ranking_error.h"

namespace tensor_service {
namespace {

struct Field {
  std::string_view name;
  const JsonNode* RankFields::*place;
};

constexpr std::array<Field, 10> kFields{{
    {"query", &RankFields::query},
    {"documents", &RankFields::documents},
    {"top_n", &RankFields::top_n},
    {"return_documents", &RankFields::return_documents},
    {"ranker", &RankFields::ranker},
    {"request_id", &RankFields::request_id},
    {"unit_id", &RankFields::unit_id},
    {"user_id", &RankFields::user_id},
    {"max_tokens_per_doc", &RankFields::max_tokens_per_doc},
    {"max_chunks_per_doc", &RankFields::max_chunks_per_doc},
}};

bool is_given(const JsonNode* value) { return value != nullptr && !value->is_null(); }

std::string_view checked_title(const GivenDocument& document, std::size_t number,
                               const TextLimits& limits) {
  const std::string field = numbered("documents", number);
  if (document.value != nullptr) {
    return check_text(*document.value, field, limits.max_document_chars, true);
  }
  check_characters(document.text, field, limits.max_document_chars, true);
  return document.text;
}

}  // namespace

const JsonNode** RankFields::place_of(std::string_view name) {
  for (const Field& field : kFields) {
    if (field.name == name) {
      return &(this->*field.place);
    }
  }
  return nullptr;
}

std::string rank_field_names() {
  std::string names;
  for (const Field& field : kFields) {
    names += names.empty() ? "" : ", ";
    names += field.name;
  }
  return names;
}

RankFields rank_fields_of(const JsonNode& object) {
  RankFields fields;
  for (const JsonNode& member : object.items) {
    const JsonNode** place = fields.place_of(member.key);
    if (place == nullptr) {
      refuse_field(member.key, "unknown; known are " + rank_field_names());
    }
    *place = &member;
  }
  if (fields.documents != nullptr && fields.documents->is_array()) {
    for (const JsonNode& document : fields.documents->items) {
      fields.texts.push_back({&document, {}});
    }
  }
  return fields;
}

void check_rank_options(const RankFields& fields, RankRequest& request) {
  if (is_given(fields.ranker)) {
    request.ranker = check_ranker(*fields.ranker, "ranker");
  }
  if (is_given(fields.top_n)) {
    request.top_n = static_cast<std::size_t>(check_whole(*fields.top_n, "top_n"));
  }
  if (is_given(fields.return_documents)) {
    request.return_documents = check_bool(*fields.return_documents, "return_documents");
  }
  if (is_given(fields.request_id)) {
    request.request_id = check_request_id(*fields.request_id);
  }
  if (is_given(fields.unit_id)) {
    request.unit_id = check_unit(*fields.unit_id, "unit_id");
  }
  if (is_given(fields.user_id)) {
    request.user_id = check_unit(*fields.user_id, "user_id");
  }
  if (is_given(fields.max_tokens_per_doc)) {
    request.max_tokens_per_doc = check_whole(*fields.max_tokens_per_doc, "max_tokens_per_doc");
  }
  if (is_given(fields.max_chunks_per_doc)) {
    request.max_chunks_per_doc =
        check_whole(*fields.max_chunks_per_doc, "max_chunks_per_doc", kMaxChunks);
  }
}

RankRequest check_rank_fields(const RankFields& fields, const TextLimits& limits) {
  if (fields.query == nullptr) {
    refuse_field("query", "missing");
  }
  if (fields.documents == nullptr) {
    refuse_field("documents", "missing");
  }
  RankRequest request;
  request.queries.push_back(check_text(*fields.query, "query", limits.max_query_chars));
  if (!fields.documents->is_array()) {
    refuse_field("documents", "must be a list of strings");
  }
  check_count(fields.texts.size(), "documents", limits.max_documents);
  for (std::size_t i = 0; i < fields.texts.size(); ++i) {
    request.titles.push_back(checked_title(fields.texts[i], i, limits));
  }
  check_rank_options(fields, request);
  return request;
}

}  // namespace tensor_service
