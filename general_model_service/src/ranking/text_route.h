// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The paths that take texts, and one request of such a path: its body in, its ranking request out;
// its ranking in, the bytes of its answer out. The service drives it and knows no shape. The path
// of an RPC call is "/<full name of the service>/<method>".

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "call/call.h"
#include "json/json_node.h"
#include "ranking/rank_request.h"
#include "ranking/rank_response.h"
#include "ranking/ranking_error.h"
#include "ranking/served_ranker.h"
#include "ranking/wire_request.h"

namespace tensor_service {

struct TextAnswer {
  int http_status = 200;
  std::string body;
  HeadFields fields;
};

// How far a request that failed had come.
struct Progress {
  std::string request_id;           // of a request that was read
  std::vector<ServedRanker> asked;  // who was asked for scores; empty: nobody yet
  std::string experiment;           // that takes the request's unit, or empty
  std::string variant;
};

class TextRoute {
 public:
  virtual ~TextRoute() = default;

  // What begin() and read() make of a body takes so many bytes at most, without the values that
  // stand in it as texts.
  virtual std::size_t tree_bytes(std::string_view body) const { return json_tree_bytes(body); }
  // What is read of the body before header fields are looked at. Throws RankingError.
  virtual void begin(std::string&& body, const ServedRankers& rankers) = 0;
  // The rest of it, checked. The request's texts live as long as this. Throws RankingError, and
  // what `more` throws.
  virtual RankRequest read(const TextLimits& limits, const ServedRankers& rankers,
                           const MoreBytes& more) = 0;
  // What begin() read is feedback, if it is: its keys and values, which are taken out. Only where
  // feedback and requests come by one path.
  virtual std::optional<WireLists> feedback() { return std::nullopt; }
  // That feedback to the answer of that request is kept.
  virtual TextAnswer kept(const std::string& /*request_id*/) { return {}; }
  // Whom the request names, the one that answers first; empty: it leaves that to the service.
  // Throws RankingError: nobody here.
  virtual std::vector<ServedRanker> choose(const RankRequest& request,
                                           const ServedRankers& rankers) = 0;
  // The only experiment that may take the request; empty: any.
  virtual std::string experiment() const { return {}; }
  // Throws RankingError for an answer that the caller does not take.
  virtual TextAnswer answer(const RankRequest& request, RankResponse& response) = 0;
  virtual TextAnswer refuse(const RankingError& error, const Progress& progress) = 0;
};

// For the path and the value of x-ranker; null for a path that takes no texts.
std::unique_ptr<TextRoute> make_text_route(std::string_view path, const std::string& ranker);

std::unique_ptr<TextRoute> make_rerank_route(std::string_view version, const std::string& ranker);
std::unique_ptr<TextRoute> make_prediction_route(std::string_view service,
                                                 const std::string& ranker);
std::unique_ptr<TextRoute> make_rpc_route(const std::string& ranker);

// Whether a call of an RPC protocol is one of PipelineService.inference.
bool is_rpc_text_path(std::string_view path);

// Whether a path, without a slash at its end, is one that takes texts or tells of what takes them.
bool is_text_path(std::string_view path);
bool is_information_path(std::string_view path);

// GET /v1/models and GET /info.
std::string information_json(std::string_view path, const ServedRankers& rankers,
                             const TextLimits& limits, std::size_t max_body);

// 405 of a text path; allowed: the methods that it has.
TextAnswer wrong_method(std::string_view method, std::string allowed);

// An error in the gateway's five fields, before any route.
TextAnswer plain_refusal(const RankingError& error);
// What goes with an error into the head: when to come back, and how to say who calls.
void add_error_fields(const RankingError& error, HeadFields& fields);

}  // namespace tensor_service
