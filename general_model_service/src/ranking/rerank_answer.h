// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The answer to another re-ranker's client, and its errors, in the shape that it reads: as
// pipeline/edges/http/routes/rerank_shapes.py and rerank_errors.py write them.

#pragma once

#include <string>
#include <string_view>

#include "json/python_text.h"
#include "ranking/rank_response.h"
#include "ranking/ranking_error.h"
#include "ranking/rerank_request.h"

namespace tensor_service {

// The answer with what its request makes doubtful.
void add_doubts(const Rerank& asked, RankResponse& response);

// Throws RankingError where something was cut, and the caller takes no such answer.
void refuse_cut(const Rerank& asked, const RankResponse& response);

// version is of Cohere's API, by the path.
std::string rerank_json(const Rerank& asked, const RankRequest& request,
                        const RankResponse& response, std::string_view version);

std::string rerank_error_json(const RankingError& error, const RerankShape& shape);

// Text of any script, as a header may hold it.
std::string header_text(std::string_view text);

// Warnings one after the other, as x-warnings has them.
std::string warnings_header(const RankResponse& response);

// "{"tokenize":0.1,...}", with spaces after the signs where they are given.
std::string timings_json(const Timings& timings, const JsonStyle& style);

}  // namespace tensor_service
