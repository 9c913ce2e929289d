// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Why a text request has no ranking, as contract/errors.py has it: each kind with its code, its
// HTTP status, the err_no of Paddle Serving's wire and the word of Text Embeddings Inference.

#pragma once

#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "report/error.h"

namespace tensor_service {

enum class Fault {
  kMalformed,
  kUnknownService,
  kTooLarge,
  kInvalidField,
  kOverloaded,
  kShuttingDown,
  kDeadline,
  kCallerGone,
  kInferenceFailed,
  kService,
  kUnauthorized,
  kForbidden,
  kUnsupportedMedia,
  kOverLimit,
  kBodyTimeout,
};

struct FaultFacts {
  std::string_view code;
  int http_status;
  int err_no;
  Status status;  // for the metrics
  std::string_view tei_type;
};

const FaultFacts& facts_of(Fault fault);

struct RankingError final : std::exception {
  RankingError(Fault kind, std::string text, std::optional<std::string> where = std::nullopt)
      : fault(kind), message(std::move(text)), field(std::move(where)) {}

  const char* what() const noexcept override { return message.c_str(); }
  const FaultFacts& facts() const { return facts_of(fault); }
  // "field: message", or the message alone. UTF-8.
  std::string text() const;

  Fault fault;
  std::string message;
  std::optional<std::string> field;
  double retry_after_s = 1.0;  // of kOverLimit: when there is room again
};

[[noreturn]] inline void refuse_field(std::string_view field, std::string message) {
  throw RankingError(Fault::kInvalidField, std::move(message), std::string(field));
}

// What the scheduler or the wire says, as an edge of the Pipeline would.
RankingError ranking_error(Status status, const std::string& message, std::string_view ranker);

}  // namespace tensor_service
