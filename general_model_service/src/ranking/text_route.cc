// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "ranking/text_route.h"

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

std::string models_json(const Manifest& manifest) {
  return "{\"object\":\"list\",\"data\":[{\"id\":" + json_text(manifest.ranker) +
         ",\"object\":\"model\",\"created\":0,\"owned_by\":\"ranking-stack\",\"bundle\":" +
         json_text(manifest.version) + ",\"precision\":" + json_text(manifest.precision) +
         ",\"max_model_len\":" + std::to_string(manifest.max_seq_length) + "}]}";
}

// The first part as Text Embeddings Inference names it.
std::string info_json(const Manifest& manifest, const TextLimits& limits, std::size_t max_body) {
  const std::string length = std::to_string(manifest.max_seq_length);
  const std::string documents = std::to_string(limits.max_documents);
  return "{\"model_id\":" + json_text(manifest.ranker) +
         ",\"model_sha\":" + json_text(manifest.version) +
         ",\"model_dtype\":" + json_text(manifest.precision) +
         ",\"model_type\":{\"reranker\":{}},\"max_input_length\":" + length +
         ",\"max_client_batch_size\":" + documents +
         ",\"bundles\":[{\"ranker\":" + json_text(manifest.ranker) +
         ",\"version\":" + json_text(manifest.version) +
         ",\"precision\":" + json_text(manifest.precision) + ",\"max_seq_length\":" + length +
         ",\"default\":true}],\"experiments\":[],\"limits\":{\"max_documents\":" + documents +
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

std::string information_json(std::string_view path, const ServedRanker& ranker,
                             const TextLimits& limits, std::size_t max_body) {
  return path == kModels ? models_json(ranker.manifest())
                         : info_json(ranker.manifest(), limits, max_body);
}

TextAnswer wrong_method(std::string_view method) {
  TextAnswer answer;
  answer.http_status = 405;
  answer.body = prediction_error_json(
      RankingError(Fault::kMalformed,
                   std::string(method) + " is not allowed here; POST /<service>/prediction",
                   "method"),
      false, {});
  return answer;
}

}  // namespace tensor_service
