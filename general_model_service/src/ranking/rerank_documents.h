// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// What is ranked of each document of a body, a text or fields of an object, and what of it comes
// back. As pipeline/edges/http/routes/rerank_documents.py. Called by rerank_body.cc.

#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/json_node.h"
#include "ranking/rank_request.h"

namespace tensor_service {

using FieldNames = std::vector<std::string_view>;

// Nothing where the list is empty. Throws RankingError: no list of names, or one stands twice.
std::optional<FieldNames> read_rank_fields(const JsonNode& value);

struct RankedTexts {
  std::vector<GivenDocument> texts;
  std::vector<std::size_t> lacking;  // objects that have none of the named fields
};

// The text of each; those that are made go to `made`. Throws RankingError: there is nothing that
// could be ranked.
RankedTexts texts_of(const JsonNode& documents, const std::optional<FieldNames>& names,
                     std::deque<std::string>& made);

// Throws RankingError: an object holds what JSON of an answer cannot.
void check_returnable(const JsonNode& documents);

// A document as results carry it: the object that came, with "text" in any case.
void append_shown_document(std::string& out, const JsonNode& given, std::string_view text);

}  // namespace tensor_service
