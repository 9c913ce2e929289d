// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "ranking/encoded_request.h"

#include <utility>

#include "ranking/ranking_error.h"

namespace tensor_service {
namespace {

[[noreturn]] void refuse_tokens(const std::string& count, std::int64_t most) {
  throw RankingError(
      Fault::kTooLarge,
      count + " tokens, at most " + std::to_string(most) + " allowed; send fewer or shorter ones",
      "documents");
}

EncodedRows rows_of(const RankRequest& request, const PairEncoder& encoder,
                    const TextLimits& limits) {
  std::vector<TextPair> pairs;
  for (std::size_t i = 0; i < request.titles.size(); ++i) {
    pairs.push_back({TextView(request.query(i)), TextView(request.titles[i])});
  }
  if (!request.max_tokens_per_doc && request.max_chunks_per_doc == 1) {
    return encoder.encode_pairs(pairs);
  }
  Chunks chunks;
  if (request.max_tokens_per_doc) {
    chunks.max_title_tokens = static_cast<std::size_t>(*request.max_tokens_per_doc);
  }
  chunks.max_chunks = static_cast<std::size_t>(request.max_chunks_per_doc);
  chunks.max_tokens = static_cast<std::size_t>(limits.max_tokens);
  auto rows = encoder.encode_chunks(pairs, chunks);
  if (!rows) {
    refuse_tokens("more than " + std::to_string(limits.max_tokens), limits.max_tokens);
  }
  return std::move(*rows);
}

}  // namespace

EncodedRows encode_request(const RankRequest& request, const PairEncoder& encoder,
                           const TextLimits& limits) {
  EncodedRows encoded = rows_of(request, encoder, limits);
  for (const EncodedRow& row : encoded.rows) {
    if (row.query_kept == 0) {
      refuse_field(request.query_field(row.pair),
                   "has no text that a ranker reads, only spaces and characters that are dropped, "
                   "such as U+200B; send words");
    }
  }
  return encoded;
}

std::int64_t count_tokens(std::span<const EncodedRow> rows) {
  std::int64_t tokens = 0;
  for (const EncodedRow& row : rows) {
    tokens += static_cast<std::int64_t>(row.length);
  }
  return tokens;
}

void check_tokens(std::int64_t tokens, const TextLimits& limits) {
  if (tokens > limits.max_tokens) {
    refuse_tokens(std::to_string(tokens), limits.max_tokens);
  }
}

}  // namespace tensor_service
