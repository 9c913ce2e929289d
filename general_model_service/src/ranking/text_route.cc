// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "ranking/text_route.h"

#include <algorithm>
#include <cmath>

#include "json/python_text.h"
#include "ranking/prediction.h"

namespace tensor_service {
namespace {

constexpr std::string_view kPrediction = "/prediction";
constexpr std::string_view kModels = "/v1/models";
constexpr std::string_view kInfo = "/info";

// Of Cohere's API; empty for a path that is none of theirs.
std::string_view version_of(std::string_view path) {
  if (path == "/v1/rerank") {
    return "1";
  }
  return path == "/" || path == "/rerank" || path == "/v2/rerank" ? "2" : "";
}

// "ranker" of "/ranker/prediction", else empty.
std::string_view service_of(std::string_view path) {
  if (path.size() <= kPrediction.size() || path[0] != '/' || !path.ends_with(kPrediction)) {
    return {};
  }
  const std::string_view service = path.substr(1, path.size() - kPrediction.size() - 1);
  return service.find('/') == std::string_view::npos ? service : std::string_view();
}

// One behind the other, each written by `write`.
template <class Write>
std::string list_json(const std::vector<ServedRanker>& bundles, Write write) {
  std::string out = "[";
  for (const ServedRanker& bundle : bundles) {
    out += (out.size() > 1 ? "," : "") + write(bundle.manifest());
  }
  return out + "]";
}

std::vector<std::string> experiments_of(const ServedRankers& rankers) {
  std::vector<std::string> names;
  for (std::size_t i = 0; rankers.plan() && i < rankers.plan()->experiments.size(); ++i) {
    names.push_back(rankers.plan()->experiments[i].name);
  }
  return names;
}

std::string models_json(const ServedRankers& rankers) {
  const auto model = [](const Manifest& manifest) {
    return "{\"id\":" + json_text(manifest.ranker) +
           ",\"object\":\"model\",\"created\":0,\"owned_by\":\"ranking-stack\",\"bundle\":" +
           json_text(manifest.version) + ",\"precision\":" + json_text(manifest.precision) +
           ",\"max_model_len\":" + std::to_string(manifest.max_seq_length) + "}";
  };
  std::string data = list_json(rankers.rankers(), model);
  for (const std::string& name : experiments_of(rankers)) {
    data.insert(data.size() - 1,
                ",{\"id\":" + json_text(name) +
                    ",\"object\":\"experiment\",\"created\":0,\"owned_by\":\"ranking-stack\"}");
  }
  return "{\"object\":\"list\",\"data\":" + data + "}";
}

// The first of a ranker answers for it.
std::string bundles_json(const ServedRankers& rankers) {
  const auto bundle = [&](const Manifest& manifest) {
    const auto answers = [&](const ServedRanker& one) { return &one.manifest() == &manifest; };
    const bool is_default =
        std::any_of(rankers.rankers().begin(), rankers.rankers().end(), answers);
    return "{\"ranker\":" + json_text(manifest.ranker) +
           ",\"version\":" + json_text(manifest.version) +
           ",\"precision\":" + json_text(manifest.precision) +
           ",\"max_seq_length\":" + std::to_string(manifest.max_seq_length) +
           ",\"default\":" + (is_default ? "true" : "false") + "}";
  };
  return list_json(rankers.bundles(), bundle);
}

// The first part as Text Embeddings Inference names it.
std::string info_json(const ServedRankers& rankers, const TextLimits& limits,
                      std::size_t max_body) {
  const Manifest& manifest = rankers.first().manifest();
  const std::string length = std::to_string(manifest.max_seq_length);
  const std::string documents = std::to_string(limits.max_documents);
  std::string names;
  for (const std::string& name : experiments_of(rankers)) {
    names += (names.empty() ? "" : ",") + json_text(name);
  }
  return "{\"model_id\":" + json_text(manifest.ranker) +
         ",\"model_sha\":" + json_text(manifest.version) +
         ",\"model_dtype\":" + json_text(manifest.precision) +
         ",\"model_type\":{\"reranker\":{}},\"max_input_length\":" + length +
         ",\"max_client_batch_size\":" + documents + ",\"bundles\":" + bundles_json(rankers) +
         ",\"experiments\":[" + names + "],\"limits\":{\"max_documents\":" + documents +
         ",\"max_query_chars\":" + std::to_string(limits.max_query_chars) +
         ",\"max_document_chars\":" + std::to_string(limits.max_document_chars) +
         ",\"max_body_bytes\":" + std::to_string(max_body) +
         ",\"max_tokens\":" + std::to_string(limits.max_tokens) + "}}";
}

}  // namespace

std::unique_ptr<TextRoute> make_text_route(std::string_view path, const std::string& ranker) {
  if (is_rpc_text_path(path)) {
    return make_rpc_route(ranker);
  }
  if (const std::string_view version = version_of(path); !version.empty()) {
    return make_rerank_route(version, ranker);
  }
  const std::string_view service = service_of(path);
  return service.empty() ? nullptr : make_prediction_route(service, ranker);
}

bool is_information_path(std::string_view path) { return path == kModels || path == kInfo; }

bool is_text_path(std::string_view path) {
  return !version_of(path).empty() || !service_of(path).empty() || is_information_path(path);
}

std::string information_json(std::string_view path, const ServedRankers& rankers,
                             const TextLimits& limits, std::size_t max_body) {
  return path == kModels ? models_json(rankers) : info_json(rankers, limits, max_body);
}

TextAnswer wrong_method(std::string_view method, std::string allowed) {
  TextAnswer answer = plain_refusal(
      {Fault::kMalformed, std::string(method) + " is not allowed here; POST /<service>/prediction",
       "method"});
  answer.http_status = 405;
  answer.fields.emplace_back("Allow", std::move(allowed));
  return answer;
}

TextAnswer plain_refusal(const RankingError& error) {
  TextAnswer answer;
  answer.http_status = error.facts().http_status;
  answer.body = prediction_error_json(error, {});
  return answer;
}

void add_error_fields(const RankingError& error, HeadFields& fields) {
  if (error.fault == Fault::kOverLimit) {
    fields.emplace_back(kRetryAfter,
                        std::to_string(static_cast<std::int64_t>(std::ceil(error.retry_after_s))));
  } else if (error.fault == Fault::kUnauthorized) {
    fields.emplace_back("WWW-Authenticate", "Bearer");
  }
}

}  // namespace tensor_service
