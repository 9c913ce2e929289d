// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "ranking/rerank_request.h"

#include <algorithm>
#include <array>

#include "json/python_text.h"
#include "ranking/ranking_error.h"
#include "ranking/rerank_documents.h"

namespace tensor_service {
namespace {

// fields of both shapes, of each alone, and those of clients that change no answer
constexpr std::array kCommon = std::to_array<std::string_view>(
    {"query", "request_id", "unit_id", "user_id", "top_n", "top_k", "max_tokens_per_doc",
     "max_chunks_per_doc", "model", "raw_scores", "return_documents", "user", "priority"});
constexpr std::array kOfDocuments =
    std::to_array<std::string_view>({"documents", "rank_fields", "truncation", "return_len"});
constexpr std::array kOfTexts =
    std::to_array<std::string_view>({"texts", "truncate", "truncation_direction", "return_text"});
constexpr std::int64_t kMostModelChars = 256;
constexpr std::size_t kMostNamed = 8;
constexpr std::size_t kNameShown = 40;
// what Infinity's client calls the model when its user names none
constexpr std::string_view kUnnamedModel = "default/not-specified";

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

// True or false, also as a text: some clients write the word.
bool flag(const JsonNode& body, std::string_view name, bool otherwise = false) {
  const JsonNode* value = body.given(name);
  if (value == nullptr) {
    return otherwise;
  }
  if (value->is_string()) {
    if (const std::string word = lower(value->text); word == "true" || word == "false") {
      return word == "true";
    }
  }
  return check_bool(*value, name);
}

std::string model_of(const JsonNode& body) {
  const JsonNode* value = body.given("model");
  if (value == nullptr) {
    return {};
  }
  const std::string_view name = check_text(*value, "model", kMostModelChars, true);
  return std::string(name == kUnnamedModel ? std::string_view() : name);
}

// What RankRequest takes, but for the documents; clients have further words for: all.
RankFields counts_of(JsonNode& body) {
  RankFields fields;
  for (const std::string_view name : {"query", "request_id", "unit_id", "user_id", "top_n",
                                      "max_tokens_per_doc", "max_chunks_per_doc"}) {
    *fields.place_of(name) = body.given(name);
  }
  if (const JsonNode* top_k = body.given("top_k")) {
    if (fields.top_n != nullptr) {
      refuse_field("top_k", "send top_n or top_k, not both");
    }
    if (!top_k->is_whole()) {
      check_whole(*top_k, "top_k");
    }
    fields.top_n = top_k;
  }
  if (fields.top_n != nullptr && fields.top_n->is_whole() && fields.top_n->whole() < 1) {
    fields.top_n = nullptr;
  }
  if (const JsonNode* most = fields.max_tokens_per_doc;
      most != nullptr && most->is_whole() && most->is_zero()) {
    fields.max_tokens_per_doc = nullptr;
  }
  if (fields.max_chunks_per_doc != nullptr && fields.max_chunks_per_doc->is_whole() &&
      fields.max_chunks_per_doc->whole() > kMaxChunks) {
    const auto chunks =
        std::find_if(body.items.begin(), body.items.end(),
                     [](const JsonNode& item) { return item.key == "max_chunks_per_doc"; });
    chunks->text = std::to_string(kMaxChunks);
  }
  return fields;
}

// With these values a field asks for nothing; Xinference's client always sends kwargs as "{}", and
// 0 is vLLM's word for: no limit.
bool asks(const JsonNode& member) {
  const bool empty = (member.is_string() && (member.text.empty() || member.text == "{}")) ||
                     ((member.is_array() || member.is_object()) && member.items.empty());
  return !empty && !(member.key == "max_tokens_per_query" && member.is_zero());
}

template <std::size_t size>
std::vector<std::string> doubts_of(const JsonNode& body,
                                   const std::array<std::string_view, size>& own) {
  std::vector<std::string_view> unheeded;
  const auto knows = [](const auto& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  for (const JsonNode& member : body.items) {
    if (!member.is_null() && !knows(kCommon, member.key) && !knows(own, member.key) &&
        asks(member)) {
      unheeded.push_back(member.key);
    }
  }
  if (unheeded.empty()) {
    return {};
  }
  std::string text = "not used: ";
  for (std::size_t i = 0; i < std::min(unheeded.size(), kMostNamed); ++i) {
    text += (i > 0 ? ", " : "") + python_repr(unheeded[i], kNameShown);
  }
  if (unheeded.size() > kMostNamed) {
    text += " and " + std::to_string(unheeded.size() - kMostNamed) + " more";
  }
  return {text};
}

std::string lacking_doubt(const std::vector<std::size_t>& lacking) {
  std::string text = "documents with none of rank_fields, ranked as empty: ";
  for (std::size_t i = 0; i < std::min(lacking.size(), kMostNamed); ++i) {
    text += (i > 0 ? ", " : "") + std::to_string(lacking[i]);
  }
  if (lacking.size() > kMostNamed) {
    text += " and " + std::to_string(lacking.size() - kMostNamed) + " more";
  }
  return text;
}

// The first that is wrong is told: the order of the checks is the Pipeline's.
Rerank read_documents(JsonNode& body, const RerankShape& shape, std::deque<std::string>& made) {
  Rerank asked;
  asked.shape = shape;
  asked.fields = counts_of(body);
  const JsonNode* documents = body.given("documents");
  std::vector<std::size_t> lacking;
  if (documents != nullptr) {
    const JsonNode* names = body.given("rank_fields");
    RankedTexts ranked =
        texts_of(*documents, names != nullptr ? read_rank_fields(*names) : std::nullopt, made);
    asked.fields.documents = documents;
    asked.fields.texts = std::move(ranked.texts);
    lacking = std::move(ranked.lacking);
  }
  asked.plain_texts = shape.voyage || body.given("raw_scores") != nullptr;
  asked.with_texts = flag(body, "return_documents");
  asked.model = model_of(body);
  asked.raw_scores = flag(body, "raw_scores");
  asked.may_cut = flag(body, "truncation", true);
  if (asked.with_texts && !asked.plain_texts && documents != nullptr) {
    check_returnable(*documents);
  }
  asked.with_output_tokens = flag(body, "return_len");
  asked.doubts = doubts_of(body, kOfDocuments);
  if (!lacking.empty()) {
    asked.doubts.push_back(lacking_doubt(lacking));
  }
  return asked;
}

void check_direction(const JsonNode& body) {
  constexpr std::string_view kName = "truncation_direction";
  const JsonNode* direction = body.given(kName);
  if (direction == nullptr) {
    return;
  }
  if (!direction->is_string()) {
    refuse_field(kName, "must be Right");
  }
  const std::string word = lower(direction->text);
  check_choice(word, python_repr(word, kNameShown), kName, {"right"});
}

Rerank read_texts(JsonNode& body, const RerankShape& shape) {
  check_direction(body);
  Rerank asked;
  asked.shape = shape;
  const bool return_text = flag(body, "return_text");
  asked.with_texts = flag(body, "return_documents") || return_text;
  asked.model = model_of(body);
  asked.fields = counts_of(body);
  asked.fields.documents = body.given("texts");
  if (asked.fields.documents->is_array()) {
    for (const JsonNode& text : asked.fields.documents->items) {
      asked.fields.texts.push_back({&text, {}});
    }
  }
  asked.raw_scores = flag(body, "raw_scores");
  asked.may_cut = flag(body, "truncate", true);
  asked.doubts = doubts_of(body, kOfTexts);
  return asked;
}

}  // namespace

RerankShape shape_of(const JsonNode& body) {
  RerankShape shape;
  shape.bare = body.given("texts") != nullptr && body.given("documents") == nullptr;
  const JsonNode* top_k = body.find("top_k");
  shape.voyage =
      top_k != nullptr && !shape.bare && (!top_k->is_null() || body.given("truncation") != nullptr);
  return shape;
}

Rerank read_rerank(JsonNode& body, std::deque<std::string>& made) {
  const RerankShape shape = shape_of(body);
  if (body.given("texts") != nullptr && body.given("documents") != nullptr) {
    throw RankingError(Fault::kMalformed, "send documents or texts, not both", "texts");
  }
  return shape.bare ? read_texts(body, shape) : read_documents(body, shape, made);
}

RankRequest Rerank::request(const TextLimits& limits) const {
  constexpr std::string_view kDocuments = "documents";
  try {
    return check_rank_fields(fields, limits);
  } catch (RankingError& error) {
    if (shape.bare && error.field && error.field->starts_with(kDocuments)) {
      error.field = "texts" + error.field->substr(kDocuments.size());
    }
    throw;
  }
}

}  // namespace tensor_service
