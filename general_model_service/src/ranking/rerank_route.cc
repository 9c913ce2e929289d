// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// POST /rerank, /v1/rerank, /v2/rerank and /, as pipeline/edges/http/routes/rerank.py.

#include <deque>

#include "ranking/rerank_answer.h"
#include "ranking/rerank_request.h"
#include "ranking/text_route.h"

namespace tensor_service {
namespace {

class RerankRoute final : public TextRoute {
 public:
  RerankRoute(std::string_view version, const std::string& ranker)
      : version_(version), header_(ranker) {}

  // A model that names a ranker wins over the header.
  void begin(std::string&& body, const ServedRankers& rankers) override {
    try {
      body_ = read_json_object(body);
    } catch (const JsonError& error) {
      throw RankingError(Fault::kMalformed, error.what(), "body");
    }
    body = std::string();
    shape_ = shape_of(body_);
    Rerank asked = read_rerank(body_, made_);
    if (const ServedRanker* named = rankers.find(asked.model)) {
      header_ = named->manifest().ranker;
    } else if (rankers.is_experiment(asked.model)) {
      experiment_ = asked.model;
      header_.clear();
    }
    asked_ = std::move(asked);
    if (header_ == kBothRankers) {
      refuse_field("x-ranker",
                   "both rankers make no one list; name one, or POST /ranker/prediction");
    }
  }

  RankRequest read(const TextLimits& limits, const ServedRankers&, const MoreBytes&) override {
    return asked_.request(limits);
  }

  std::vector<ServedRanker> choose(const RankRequest& request,
                                   const ServedRankers& rankers) override {
    return rankers.asked("ranker", request.ranker, header_);
  }

  std::string experiment() const override { return experiment_; }

  TextAnswer answer(const RankRequest& request, RankResponse& response) override {
    refuse_cut(asked_, response);
    add_doubts(asked_, response);
    TextAnswer answer;
    answer.body = rerank_json(asked_, request, response, version_);
    answer.fields.emplace_back("x-request-id", request.request_id);
    if (shape_.bare && !response.warnings.empty()) {
      answer.fields.emplace_back("x-warnings", warnings_header(response));
    }
    std::vector<Target> who{{response.ranker, response.bundle}};
    for (const Ranking& other : response.others) {
      who.push_back({other.ranker, other.bundle});
    }
    add_who(who, response.experiment, response.variant, answer);
    return answer;
  }

  TextAnswer refuse(const RankingError& error, const Progress& progress) override {
    TextAnswer answer;
    answer.http_status = error.facts().http_status;
    answer.body = rerank_error_json(error, shape_);
    if (!progress.request_id.empty()) {
      answer.fields.emplace_back("x-request-id", progress.request_id);
    }
    std::vector<Target> who;
    for (const ServedRanker& asked : progress.asked) {
      who.push_back({asked.manifest().ranker, asked.manifest().version});
    }
    if (!who.empty()) {
      add_who(who, progress.experiment, progress.variant, answer);
    }
    return answer;
  }

 private:
  // Of two rankers, whose orders are interleaved, both.
  static void add_who(const std::vector<Target>& who, const std::string& experiment,
                      const std::string& variant, TextAnswer& answer) {
    std::string rankers;
    std::string bundles;
    for (const Target& one : who) {
      rankers += (rankers.empty() ? "" : ",") + one.ranker;
      bundles += (bundles.empty() ? "" : ",") + one.bundle;
    }
    for (const auto& [name, text] :
         {std::pair<std::string_view, const std::string&>{"x-ranker", rankers},
          {"x-bundle", bundles},
          {"x-experiment", experiment},
          {"x-variant", variant}}) {
      if (!text.empty()) {
        answer.fields.emplace_back(name, header_text(text));
      }
    }
  }

  const std::string version_;  // of Cohere's API
  std::string header_;
  std::string experiment_;
  JsonNode body_;
  std::deque<std::string> made_;
  RerankShape shape_;
  Rerank asked_;
};

}  // namespace

std::unique_ptr<TextRoute> make_rerank_route(std::string_view version, const std::string& ranker) {
  return std::make_unique<RerankRoute>(version, ranker);
}

}  // namespace tensor_service
