// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// POST /<service>/prediction, as pipeline/edges/http/routes/gateway.py.

#include <deque>

#include "ranking/prediction.h"
#include "ranking/text_route.h"

namespace tensor_service {
namespace {

class PredictionRoute final : public TextRoute {
 public:
  PredictionRoute(std::string_view service, const std::string& ranker)
      : service_(service), header_(ranker) {}

  void begin(std::string&& body, const ServedRankers&) override { text_ = std::move(body); }

  RankRequest read(const TextLimits& limits, const ServedRankers& rankers,
                   const MoreBytes& more) override {
    if (service_ == "feedback") {
      throw RankingError(
          Fault::kUnknownService,
          "feedback is kept by a service of config_nlp.yml; this one has a bundle alone");
    }
    rankers.check_service(service_);
    try {
      body_ = read_json_object(text_);
    } catch (const JsonError& error) {
      throw RankingError(Fault::kMalformed, error.what(), "body");
    }
    text_ = std::string();
    return read_prediction(body_, service_, limits, made_, more);
  }

  std::vector<ServedRanker> choose(const RankRequest& request,
                                   const ServedRankers& rankers) override {
    return rankers.asked(service_, request.ranker, header_);
  }

  TextAnswer answer(const RankRequest& request, RankResponse& response) override {
    TextAnswer answer;
    answer.body = prediction_json(request, response);
    answer.fields.emplace_back("x-request-id", request.request_id);
    return answer;
  }

  TextAnswer refuse(const RankingError& error, const Progress& progress) override {
    TextAnswer answer;
    answer.http_status = error.facts().http_status;
    answer.body = prediction_error_json(error, progress);
    if (!progress.request_id.empty()) {
      answer.fields.emplace_back("x-request-id", progress.request_id);
    }
    return answer;
  }

 private:
  const std::string service_;
  const std::string header_;
  std::string text_;
  JsonNode body_;
  std::deque<JsonNode> made_;
};

}  // namespace

std::unique_ptr<TextRoute> make_prediction_route(std::string_view service,
                                                 const std::string& ranker) {
  return std::make_unique<PredictionRoute>(service, ranker);
}

}  // namespace tensor_service
