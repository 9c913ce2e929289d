// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Checks the values of a request, field by field, as contract/wire/values.py does and in its words.
// Each throws RankingError naming the field.

#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "json/json_node.h"

namespace tensor_service {

// What a request may hold.
struct TextLimits {
  std::int64_t max_documents = 1000;
  std::int64_t max_query_chars = 10'000;
  std::int64_t max_document_chars = 100'000;
  std::int64_t max_tokens = 1'000'000;  // of all rows of a request, padding not counted
};

constexpr std::int64_t kMaxChunks = 64;
constexpr std::string_view kBothRankers = "both";

// A text of at most so many characters; not empty, unless that is allowed.
void check_characters(std::string_view text, std::string_view field, std::int64_t limit,
                      bool may_be_empty = false);
std::string_view check_text(const JsonNode& value, std::string_view field, std::int64_t limit,
                            bool may_be_empty = false);

// From 1 to the limit.
void check_count(std::size_t count, std::string_view field, std::int64_t limit);

// One of the choices; shown is the value as a refusal has it.
void check_choice(std::string_view value, std::string_view shown, std::string_view field,
                  std::initializer_list<std::string_view> choices);
// pairwise, cross_encoder, cascade or both.
std::string check_ranker(const JsonNode& value, std::string_view field);
std::string check_ranker(const std::string& value, std::string_view field);

// A whole number of at least 1, and at most `most`.
std::int64_t check_whole(const JsonNode& value, std::string_view field,
                         std::optional<std::int64_t> most = std::nullopt);

bool check_bool(const JsonNode& value, std::string_view field);

// Printable ASCII; "" is no id.
bool is_request_id(std::string_view text);
std::string check_request_id(const JsonNode& value);

// An id of a user or a session.
std::string check_unit(const JsonNode& value, std::string_view field);

// "documents[3]"
std::string numbered(std::string_view name, std::size_t number);

}  // namespace tensor_service
