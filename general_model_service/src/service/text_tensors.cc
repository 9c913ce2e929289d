// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "service/text_tensors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <utility>

#include "json/utf8.h"
#include "ranking/encoded_request.h"
#include "ranking/ranking_error.h"
#include "service/row_tensors.h"
#include "service/served_models.h"

namespace tensor_service {
namespace {

constexpr std::string_view kQuery = "query";
constexpr std::string_view kTitle = "title";
constexpr std::string_view kRows = "rows";
constexpr std::string_view kTokensPerTitle = "max_tokens_per_doc";
constexpr std::string_view kChunksPerTitle = "max_chunks_per_doc";
constexpr std::string_view kTokens = "max_tokens";
constexpr std::size_t kFactsOfARow = 7;

std::string_view name_of(const Tensor& tensor) {
  return tensor.alias.empty() ? tensor.name : tensor.alias;
}

[[noreturn]] void refuse(std::string_view field, const std::string& problem) {
  throw CallError(Status::kInvalid, std::string(field) + ": " + problem);
}

void check_strings(const Tensor& tensor) {
  if (tensor.type != ElemType::kString) {
    refuse(name_of(tensor), "elem_type is " + std::string(elem_type_name(tensor.type)) +
                                ", texts are strings (elem_type 20)");
  }
  const auto count = static_cast<std::int64_t>(tensor.strings.size());
  if (tensor.shape != Shape{count}) {
    refuse(name_of(tensor),
           "holds " + std::to_string(count) + " strings; its shape must be that number alone");
  }
}

// Of a tensor of one int64 above 0.
std::int64_t number_of(const Tensor& tensor, std::int64_t most) {
  std::int64_t value = 0;
  if (tensor.type == ElemType::kInt64 && tensor.data.size() == sizeof value) {
    std::memcpy(&value, tensor.data.data(), sizeof value);
  }
  if (value < 1 || value > most) {
    refuse(name_of(tensor), "must be one int64 from 1 to " + std::to_string(most));
  }
  return value;
}

// The texts are views of the tensors' strings. Throws CallError and RankingError.
class TextFeeds {
 public:
  TextFeeds(const InferenceRequest& request, const TextLimits& limits) : limits_(limits) {
    for (const Tensor& tensor : request.tensors) {
      take(tensor);
    }
    if (asked_.queries.empty() || asked_.titles.empty()) {
      refuse(asked_.queries.empty() ? kQuery : kTitle, "missing; send strings");
    }
    if (asked_.queries.size() != 1 && asked_.queries.size() != asked_.titles.size()) {
      refuse(kQuery, std::to_string(asked_.queries.size()) + " queries, but " +
                         std::to_string(asked_.titles.size()) +
                         " titles; send one, or one for each title");
    }
    asked_.numbered_pairs = asked_.queries.size() > 1;
  }

  EncodedRows encoded(const PairEncoder& encoder) const {
    EncodedRows rows = encode_request(asked_, encoder, limits_);
    check_tokens(count_tokens(rows.rows), limits_);
    return rows;
  }

 private:
  void take(const Tensor& tensor) {
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    const std::string_view name = name_of(tensor);
    if (name == kQuery) {
      take_texts(tensor, limits_.max_query_chars, asked_.queries);
    } else if (name == kTitle) {
      take_texts(tensor, limits_.max_document_chars, asked_.titles);
    } else if (name == kTokensPerTitle) {
      asked_.max_tokens_per_doc = number_of(tensor, kMost);
    } else if (name == kChunksPerTitle) {
      asked_.max_chunks_per_doc = number_of(tensor, kMaxChunks);
    } else if (name == kTokens) {
      limits_.max_tokens = std::min(limits_.max_tokens, number_of(tensor, kMost));
    } else {
      refuse(name.substr(0, 64),
             "does not go with texts; known are query, title, "
             "max_tokens_per_doc, max_chunks_per_doc, max_tokens");
    }
  }

  void take_texts(const Tensor& tensor, std::int64_t most, std::vector<std::string_view>& texts) {
    const std::string_view name = name_of(tensor);
    if (!texts.empty()) {
      refuse(name, "stands twice; send one tensor of all strings");
    }
    check_strings(tensor);
    check_count(tensor.strings.size(), name, limits_.max_documents);
    for (const std::string& text : tensor.strings) {
      check_characters(text, numbered(name, texts.size()), most, true);
      texts.emplace_back(text);
    }
  }

  TextLimits limits_;
  RankRequest asked_;
};

Tensor facts_of(const std::vector<EncodedRow>& rows) {
  std::vector<std::int64_t> facts;
  facts.reserve(rows.size() * kFactsOfARow);
  for (const EncodedRow& row : rows) {
    const std::array<std::int64_t, kFactsOfARow> of_row{static_cast<std::int64_t>(row.pair),
                                                        static_cast<std::int64_t>(row.length),
                                                        static_cast<std::int64_t>(row.title_begin),
                                                        row.query_tokens,
                                                        row.query_kept,
                                                        row.title_tokens,
                                                        row.truncated ? 1 : 0};
    facts.insert(facts.end(), of_row.begin(), of_row.end());
  }
  Tensor tensor;
  tensor.name = kRows;
  tensor.alias = kRows;
  tensor.type = ElemType::kInt64;
  tensor.shape = {static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(kFactsOfARow)};
  tensor.data.assign(reinterpret_cast<const char*>(facts.data()),
                     facts.size() * sizeof(std::int64_t));
  return tensor;
}

}  // namespace

bool feeds_texts(const InferenceRequest& request, const Model& model) {
  const auto is_text = [](std::string_view name) { return name == kQuery || name == kTitle; };
  return std::any_of(request.tensors.begin(), request.tensors.end(),
                     [&](const Tensor& tensor) { return is_text(name_of(tensor)); }) &&
         std::none_of(model.inputs.begin(), model.inputs.end(), [&](const Input& input) {
           return is_text(input.spec.alias) || is_text(input.spec.name);
         });
}

std::optional<Tensor> encode_texts(InferenceRequest& request, const Model& model,
                                   const TextLimits& limits) {
  if (!takes_texts(model)) {
    refuse(kQuery,
           "texts are not answered, for the bundle has no manifest, or no tokenizer of "
           "WordPiece's; send rows of tokens");
  }
  EncodedRows encoded;
  try {
    encoded = TextFeeds(request, limits).encoded(*model.encoder);
  } catch (const RankingError& error) {
    throw CallError(error.facts().status, error.text());
  }
  const bool all = request.fetch_names.empty();
  const bool told = std::erase(request.fetch_names, kRows) > 0 || all;
  std::optional<Tensor> facts;
  if (told) {
    facts = facts_of(encoded.rows);
  }
  InferenceRequest rows = inference_request(encoded, {});
  request.tensors = std::move(rows.tensors);
  return facts;
}

}  // namespace tensor_service
