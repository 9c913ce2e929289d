// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The records of an experiment: exposures, shadow comparisons and feedback, one JSON line each, as
// contract/experiments/records.py has them; `experiments` reads them. No text of a query or a
// title is in a record unless the service was told to keep texts.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace tensor_service {

// One answer of an experiment, or one refusal.
struct Exposure {
  double time = 0.0;  // of the answer, seconds since 1970, UTC
  std::string request_id;
  std::string experiment;
  std::string mode;
  std::string variant;
  std::string reason;
  std::string unit;
  std::string assigned_ranker;
  std::string assigned_bundle;
  std::string served_ranker;  // empty when nobody answered; another than assigned: a fallback
  std::string served_bundle;
  int err_no = 0;
  std::size_t documents = 0;       // in the request
  std::vector<std::size_t> order;  // as shown, best first, at most as many as the log keeps
  std::vector<double> scores;      // of these
  std::vector<std::string> teams;  // in mode interleave, the variant of each place
  double latency_ms = 0.0;
  double queue_ms = 0.0;
  double compute_ms = 0.0;
  std::string query;                // only when the service keeps texts
  std::vector<std::string> titles;  // alike
};

// What another ranker would have answered, beside what was answered. Without a score the figures
// are 0.
struct ShadowComparison {
  double time = 0.0;
  std::string request_id;
  std::string experiment;
  std::string variant;
  std::string shadow_variant;
  std::string ranker;
  std::string bundle;
  std::string shadow_ranker;
  std::string shadow_bundle;
  int err_no = 0;
  std::size_t documents = 0;
  double kendall_tau = 0.0;
  int top1_same = 0;
  double top10_overlap = 0.0;
  double score_difference = 0.0;
  double score_distance = 0.0;
  double shadow_ms = 0.0;
};

// What a reader did with one answer.
struct Feedback {
  double time = 0.0;  // when the service got it
  std::string request_id;
  std::vector<std::int64_t> clicks;                     // indices of documents
  std::vector<std::pair<std::int64_t, double>> grades;  // of a document its relevance
};

using Record = std::variant<Exposure, ShadowComparison, Feedback>;

// One line of JSON, its end included; scores keep seven digits, times their milliseconds.
std::string line_of(const Record& record);

// Bytes that a record takes while it waits, about.
std::size_t memory_of(const Record& record);

// round(value, digits) of Python: the nearest decimal, by the number's exact value.
double python_round(double value, int digits);

}  // namespace tensor_service
