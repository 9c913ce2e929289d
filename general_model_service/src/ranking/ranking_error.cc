// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "ranking/ranking_error.h"

#include <array>

#include "json/python_text.h"

namespace tensor_service {
namespace {

constexpr int kRequest = 5000;
constexpr std::string_view kBody = "body: ";

// In the order of Fault.
constexpr std::array<FaultFacts, 15> kFacts{{
    {"malformed_request", 400, kRequest, Status::kMalformed, "Validation"},
    {"unknown_service", 404, 3002, Status::kNotFound, "Validation"},
    {"too_large", 413, kRequest, Status::kTooLarge, "Validation"},
    {"invalid_field", 422, kRequest, Status::kInvalid, "Validation"},
    {"overloaded", 429, 51, Status::kOverloaded, "Overloaded"},
    {"shutting_down", 503, 3001, Status::kUnavailable, "Unhealthy"},
    {"deadline_exceeded", 504, 6000, Status::kDeadline, "Overloaded"},
    {"caller_gone", 499, 6000, Status::kCancelled, "Backend"},
    {"inference_failed", 500, 9000, Status::kInternal, "Backend"},
    {"internal", 500, 10000, Status::kInternal, "Backend"},
    {"unauthorized", 401, kRequest, Status::kUnauthorized, "Validation"},
    {"forbidden", 403, kRequest, Status::kForbidden, "Validation"},
    {"unsupported_media", 415, kRequest, Status::kUnsupported, "Validation"},
    {"over_limit", 429, 51, Status::kOverloaded, "Overloaded"},
    {"body_timeout", 408, kRequest, Status::kDeadline, "Validation"},
}};

}  // namespace

const FaultFacts& facts_of(Fault fault) { return kFacts[static_cast<std::size_t>(fault)]; }

std::string RankingError::text() const {
  return with_escaped_surrogates(field && !field->empty() ? *field + ": " + message : message);
}

RankingError ranking_error(Status status, const std::string& message, std::string_view ranker) {
  switch (status) {
    case Status::kTooLarge: {
      // the field stands in the message of some
      const bool named = message.starts_with(kBody);
      return {Fault::kTooLarge, named ? message.substr(kBody.size()) : message, "body"};
    }
    case Status::kOverloaded:
    case Status::kCrowded:
      return {Fault::kOverloaded, message};
    case Status::kUnavailable:
      return {Fault::kShuttingDown, message};
    case Status::kDeadline:
      return {Fault::kDeadline, std::string(ranker) + " did not answer within the time allowed"};
    case Status::kCancelled:
      return {Fault::kCallerGone, "the caller has closed its connection"};
    case Status::kInternal:
      return {Fault::kInferenceFailed, message};
    default:
      return {Fault::kService, message};
  }
}

}  // namespace tensor_service
