// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The answer to a ranking request: of rows and what the graph made of them the scores, the order
// and all that is doubtful. As pipeline/dag/sort.py and contract/cuts.py have it.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/route.h"
#include "ranking/rank_request.h"
#include "ranking/served_ranker.h"
#include "text/pair_encoder.h"

namespace tensor_service {

// Of one list of pairs what was cut, as contract.cuts counts it.
struct Cuts {
  std::vector<std::size_t> truncated;  // pairs whose title was cut
  std::size_t queries = 0;             // pairs whose query lost tokens
  std::size_t titles = 0;              // pairs whose title did, but of those that have a token
  std::size_t lost = 0;                // those of them that have no token of it left
  std::size_t empty_titles = 0;
  std::int64_t tokens = 0;  // of the longest query that was cut, as far as they were counted
  bool counted = true;      // whether it has no more
  std::int64_t kept_least = 0;
  std::int64_t kept_most = 0;
};

Cuts cuts_of(std::span<const EncodedRow> rows);

struct Timings {
  double tokenize_ms = 0.0;
  double queue_ms = 0.0;
  double compute_ms = 0.0;
};

// What one bundle says.
struct Ranking {
  std::string ranker;
  std::string bundle;
  std::vector<double> scores;      // in input order
  std::vector<double> logits;      // alike; empty where the graph returns scores alone
  std::vector<std::size_t> order;  // from best to worst, cut to top_n
};

// The orders of two rankers, interleaved.
struct Draft {
  std::vector<std::size_t> order;    // indices of all documents, from best to worst
  std::vector<std::size_t> pickers;  // for each, the number of the ranking that picked it
  std::vector<std::string> teams;    // of each ranking the variant
};

// The ranking that answers, and what is told of all.
struct RankResponse : Ranking {
  std::vector<Ranking> others;       // of the further rankers that were asked
  std::string experiment;            // that the request's unit takes part in, or empty
  std::string variant;               // that it was assigned, or empty
  std::optional<std::size_t> top_n;  // how many results to show of a draft
  std::optional<Draft> draft;        // when the rankings are interleaved, what is shown
  std::int64_t tokens = 0;           // over all rankings
  Cuts cuts;                         // of all: what was cut for any
  Timings timings;
  std::vector<std::string> warnings;
};

// One result as it is shown.
struct Shown {
  std::size_t index = 0;             // of the document
  const Ranking* ranking = nullptr;  // that put it there
  std::string_view team;             // its variant, in a draft
};

// Best first.
std::vector<Shown> shown_of(const RankResponse& response);

// The margin of each row, in the order of the rows. Throws RankingError: a row has none, or the
// logits are not those of so many rows.
std::vector<double> margins_of(std::span<const float> logits, std::size_t rows,
                               const ServedRanker& ranker);

// Rows of a request, and the margins that a bundle gave them.
struct Scored {
  ServedRanker ranker;
  std::span<const EncodedRow> rows;
  std::vector<double> margins;
};

// Of at least one; the first answers, unless the route has teams and all of them scored: then their
// orders are drafted. Several rows of a pair give it the best of their margins.
RankResponse rank(const RankRequest& request, std::span<const Scored> scored,
                  const Route& route = {});

}  // namespace tensor_service
