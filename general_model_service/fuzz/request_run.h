// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// One body through the readers of text requests, with the rules that hold whatever the bytes are: a
// body is taken or refused by a RankingError, and what is written of it is JSON in UTF-8. Called by
// the fuzz target, and by the tests with the corpus; throws std::logic_error when a rule is broken.

#pragma once

#include <deque>
#include <stdexcept>
#include <string>
#include <string_view>

#include "json/json_node.h"
#include "json/python_text.h"
#include "json/utf8.h"
#include "ranking/experiment_requests.h"
#include "ranking/prediction.h"
#include "ranking/rerank_answer.h"
#include "ranking/rerank_documents.h"
#include "ranking/rerank_request.h"
#include "records/feedback_request.h"

namespace tensor_service {

// Written for a caller, who has to be able to read it.
inline void require_readable(std::string_view json) {
  try {
    read_json_object(json);
  } catch (const JsonError& error) {
    throw std::logic_error(std::string("unreadable answer: ") + error.what());
  }
}

inline void require_within(const RankRequest& request, const TextLimits& limits) {
  const auto most = static_cast<std::size_t>(limits.max_documents);
  if (request.titles.empty() || request.titles.size() > most) {
    throw std::logic_error("a number of documents that is not allowed");
  }
  for (const std::string_view title : request.titles) {
    if (has_lone_surrogate(title) ||
        count_characters(title) > static_cast<std::size_t>(limits.max_document_chars)) {
      throw std::logic_error("a document that is not allowed");
    }
  }
}

inline void run_rerank(const JsonNode& body, const TextLimits& limits) {
  JsonNode own = body;
  std::deque<std::string> made;
  RerankShape shape = shape_of(own);
  try {
    const Rerank asked = read_rerank(own, made);
    const RankRequest request = asked.request(limits);
    require_within(request, limits);
    RankResponse response;
    response.scores.resize(request.titles.size());
    for (std::size_t i = 0; i < request.titles.size(); ++i) {
      response.order.push_back(i);
    }
    add_doubts(asked, response);
    const std::string answer = rerank_json(asked, request, response, "2");
    require_readable(shape.bare ? "{\"results\":" + answer + "}" : answer);
  } catch (const RankingError& error) {
    require_readable(rerank_error_json(error, shape));
  }
}

inline void run_prediction(JsonNode body, const TextLimits& limits) {
  std::deque<JsonNode> made;
  try {
    const RankRequest request = read_prediction(body, "ranker", limits, made, [](std::size_t) {});
    require_within(request, limits);
  } catch (const RankingError& error) {
    require_readable(prediction_error_json(
        error, {.request_id = "id", .asked = {ServedRanker{}}, .experiment = {}, .variant = {}}));
  }
}

// Looks at experiments, and feedback. Bytes are a URL's query too.
inline void run_experiments(const JsonNode& body, std::string_view bytes,
                            const TextLimits& limits) {
  const Plan plan{.rankers = {{"pairwise", "1"}}, .experiments = {}, .holdout = {}};
  const auto answer = [](const auto& ask) {
    try {
      require_readable(ask());
    } catch (const RankingError& error) {
      require_readable(problem_json(error));
    }
  };
  answer([&] { return answer_assignment(body, plan, limits, 1.0); });
  answer([&] { return answer_assignment(fields_of_query(bytes), plan, limits, 1.0); });
  answer([&] { return answer_interleave(body, limits); });
  answer([&] { return line_of(read_feedback(bytes, limits, 1.0, [](std::size_t) {})); });
}

inline void run_request(std::string_view bytes) {
  const TextLimits limits{.max_documents = 8, .max_query_chars = 32, .max_document_chars = 64};
  JsonNode body;
  try {
    body = read_json_object(bytes);
  } catch (const JsonError& error) {
    require_readable(rerank_error_json({Fault::kMalformed, error.what(), "body"}, {}));
    return;
  }
  run_rerank(body, limits);
  run_prediction(body, limits);
  run_experiments(body, bytes, limits);
}

}  // namespace tensor_service
