// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The body of another re-ranker's client, understood. Two shapes, told apart by the body, as
// pipeline/edges/http/routes/rerank_bodies.py does: `documents` is that of Cohere, which Jina,
// Infinity, vLLM, Xinference and Voyage share with additions; `texts` that of Text Embeddings
// Inference.

#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "json/json_node.h"
#include "ranking/rank_request.h"

namespace tensor_service {

// What decides how even a refusal is written.
struct RerankShape {
  bool bare = false;    // Text Embeddings Inference's list
  bool voyage = false;  // results stand under "data"
};

struct Rerank {
  RerankShape shape;
  std::string model;  // name of what shall answer, or empty
  RankFields fields;
  bool with_texts = false;
  bool raw_scores = false;  // logits in place of scores
  bool may_cut = true;
  bool plain_texts = false;  // results carry a text as a string, not as an object
  bool with_output_tokens = false;
  std::vector<std::string> doubts;  // what of the request the answer does not heed

  // As RankRequest, checked; its errors name the field that the shape has.
  RankRequest request(const TextLimits& limits) const;
};

RerankShape shape_of(const JsonNode& body);

// Changes the body's tree where a client's word for "all" stands; texts that are made go to `made`.
// Throws RankingError.
Rerank read_rerank(JsonNode& body, std::deque<std::string>& made);

}  // namespace tensor_service
