// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A ranking request, checked as RankRequest of contract/wire/request.py is. Texts are views of the
// body's tree, or of texts that were made of it; whoever keeps a request keeps these.

#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/json_node.h"
#include "ranking/values.h"

namespace tensor_service {

// Told, before values that stand as texts in a body are decoded, how many bytes that takes at most;
// throws where they may not be had.
using MoreBytes = std::function<void(std::size_t)>;

struct RankRequest {
  std::vector<std::string_view> queries;  // one, or one for each title
  std::vector<std::string_view> titles;
  std::optional<std::string> ranker;
  std::optional<std::size_t> top_n;
  bool return_documents = false;
  std::string request_id;
  std::string unit_id;  // what keeps its variant of an experiment, or empty
  std::string user_id;  // stands for it when it is empty; else the query does
  std::optional<std::int64_t> max_tokens_per_doc;
  std::int64_t max_chunks_per_doc = 1;
  bool numbered_pairs = false;  // of upstream's shape

  std::string_view query(std::size_t title) const {
    return queries.size() == 1 ? queries[0] : queries[title];
  }
  // How an error names the query of a pair.
  std::string query_field(std::size_t pair) const {
    return numbered_pairs ? std::to_string(pair) + ".query" : "query";
  }
};

// A document before its check: a value of the body, or a text that was made of one.
struct GivenDocument {
  const JsonNode* value = nullptr;  // null: the text
  std::string_view text;
};

// Fields of the fuller shape before their check; null for one that is not there.
struct RankFields {
  const JsonNode* query = nullptr;
  const JsonNode* documents = nullptr;
  std::vector<GivenDocument> texts;  // of documents, when it is a list
  const JsonNode* top_n = nullptr;
  const JsonNode* return_documents = nullptr;
  const JsonNode* ranker = nullptr;
  const JsonNode* request_id = nullptr;
  const JsonNode* unit_id = nullptr;
  const JsonNode* user_id = nullptr;
  const JsonNode* max_tokens_per_doc = nullptr;
  const JsonNode* max_chunks_per_doc = nullptr;

  // Where the field of that name is kept, or null for a name that is no field.
  const JsonNode** place_of(std::string_view name);
};

// Throws RankingError.
RankRequest check_rank_fields(const RankFields& fields, const TextLimits& limits);

// Members of an object as fields. Throws RankingError for a name that is none.
RankFields rank_fields_of(const JsonNode& object);

// The options alone, which go with numbered pairs too.
void check_rank_options(const RankFields& fields, RankRequest& request);

// "query, documents, top_n, ..."
std::string rank_field_names();

}  // namespace tensor_service
