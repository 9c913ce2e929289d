// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "ranking/rank_response.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <map>
#include <numeric>

#include "experiments/team_draft.h"
#include "ranking/ranking_error.h"

namespace tensor_service {
namespace {

constexpr auto kSpecial = static_cast<std::int64_t>(kSpecialTokens);

std::string documents_text(std::size_t count, const char* one, const char* several) {
  return count == 1 ? std::string("1 document ") + one
                    : std::to_string(count) + " documents " + several;
}

std::string query_doubt(const Cuts& cuts) {
  const std::string counted =
      cuts.counted ? std::to_string(cuts.tokens) : "more than " + std::to_string(cuts.tokens - 1);
  std::string kept = std::to_string(cuts.kept_most);
  if (cuts.kept_least != cuts.kept_most) {
    kept = std::to_string(cuts.kept_least) + " to " + kept;
  }
  return "the query had " + counted + " tokens, of which " + kept +
         " were kept beside the documents";
}

bool all_equal(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(),
                     [&](double value) { return value == values.front(); });
}

bool has_several_texts(const RankRequest& request) {
  for (std::size_t i = 1; i < request.titles.size(); ++i) {
    if (request.titles[i] != request.titles[0] || request.query(i) != request.query(0)) {
      return true;
    }
  }
  return false;
}

// named: which of several rankers it is.
std::string alike_doubt(const Ranking& ranking, bool named) {
  char score[32];
  std::snprintf(score, sizeof(score), "%.6g", ranking.scores[0]);
  const std::string who = named ? " of " + ranking.ranker : "";
  const std::string text = "all " + std::to_string(ranking.scores.size()) +
                           " documents have the same score" + who + ", " + score;
  const auto& ordered_by = ranking.logits.empty() ? ranking.scores : ranking.logits;
  return text + (all_equal(ordered_by)
                     ? "; they stand in the order of the request"
                     : "; their order is that of the logits, which raw_scores of POST /rerank "
                       "gives");
}

// What was cut besides the ends of documents.
std::vector<std::string> doubts_of(const Cuts& cuts) {
  std::vector<std::string> said;
  if (cuts.queries > 0) {
    said.push_back(query_doubt(cuts));
  }
  if (cuts.lost > 0) {
    const char* const rest =
        " left with no token, since the query takes the whole row; shorten the query";
    said.push_back(documents_text(cuts.lost, "was", "were") + rest);
  }
  if (cuts.empty_titles > 0) {
    said.push_back(documents_text(cuts.empty_titles, "has", "have") +
                   " no token: nothing, or only spaces and characters that are not read, such as "
                   "U+200B");
  }
  return said;
}

void add_alike(const RankRequest& request, RankResponse& response) {
  if (!has_several_texts(request)) {
    return;
  }
  const bool named = !response.others.empty();
  if (all_equal(response.scores)) {
    response.warnings.push_back(alike_doubt(response, named));
  }
  for (const Ranking& other : response.others) {
    if (all_equal(other.scores)) {
      response.warnings.push_back(alike_doubt(other, named));
    }
  }
}

void add_warnings(const RankRequest& request, const std::vector<Cuts>& all,
                  RankResponse& response) {
  auto& said = response.warnings;
  const Cuts& cuts = response.cuts;
  if (const std::size_t count = cuts.truncated.size() - cuts.lost; count > 0) {
    said.push_back(
        documents_text(count, "had more tokens than a row takes and was cut",
                       "had more tokens than a row takes and were cut") +
        (request.max_chunks_per_doc < kMaxChunks ? "; max_chunks_per_doc divides instead" : ""));
  }
  const std::size_t first = said.size();
  for (const Cuts& of_one : all) {
    for (std::string& doubt : doubts_of(of_one)) {
      const auto begin = said.begin() + static_cast<std::ptrdiff_t>(first);
      if (std::find(begin, said.end(), doubt) == said.end()) {
        said.push_back(std::move(doubt));
      }
    }
  }
  add_alike(request, response);
}

// What was cut for any ranker.
Cuts cuts_of_all(const std::vector<Cuts>& all) {
  Cuts cuts = all.front();
  for (const Cuts& other : std::span(all).subspan(1)) {
    std::vector<std::size_t> truncated;
    std::set_union(cuts.truncated.begin(), cuts.truncated.end(), other.truncated.begin(),
                   other.truncated.end(), std::back_inserter(truncated));
    cuts.truncated = std::move(truncated);
    cuts.lost = std::max(cuts.lost, other.lost);
    cuts.queries = std::max(cuts.queries, other.queries);
  }
  return cuts;
}

std::vector<std::size_t> order_of(const std::vector<double>& values,
                                  std::optional<std::size_t> top_n) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return values[a] > values[b]; });
  order.resize(std::min(order.size(), top_n.value_or(order.size())));
  return order;
}

// Whether the queries that were cut have no more tokens than were counted, and how many stayed.
void describe_queries(const std::map<std::size_t, const EncodedRow*>& cut, Cuts& cuts) {
  cuts.queries = cut.size();
  const EncodedRow* longest = nullptr;
  for (const auto& [pair, row] : cut) {
    if (longest == nullptr || row->query_tokens > longest->query_tokens) {
      longest = row;
    }
    const bool first = row == cut.begin()->second;
    cuts.kept_least = first ? row->query_kept : std::min(cuts.kept_least, row->query_kept);
    cuts.kept_most = first ? row->query_kept : std::max(cuts.kept_most, row->query_kept);
  }
  if (longest != nullptr) {
    cuts.tokens = longest->query_tokens;
    // a row that was cut is full; beyond its room no query is counted
    cuts.counted = longest->query_tokens <= static_cast<std::int64_t>(longest->length) - kSpecial;
  }
}

}  // namespace

// The rows of a pair stand together.
Cuts cuts_of(std::span<const EncodedRow> rows) {
  Cuts cuts;
  std::map<std::size_t, const EncodedRow*> queries;
  std::vector<std::size_t> titles;
  std::vector<std::size_t> lost;
  std::vector<std::size_t> empty;
  const auto note = [](std::vector<std::size_t>& pairs, std::size_t pair) {
    if (pairs.empty() || pairs.back() != pair) {
      pairs.push_back(pair);
    }
  };
  for (const EncodedRow& row : rows) {
    if (row.query_tokens > row.query_kept) {
      queries.emplace(row.pair, &row);
    }
    if (row.truncated) {
      note(cuts.truncated, row.pair);
    }
    if (row.title_tokens == 0) {
      note(empty, row.pair);
    } else if (row.truncated) {
      note(titles, row.pair);
      if (static_cast<std::int64_t>(row.length) == row.query_kept + kSpecial) {
        note(lost, row.pair);
      }
    }
  }
  cuts.titles = titles.size();
  cuts.lost = lost.size();
  cuts.empty_titles = empty.size();
  describe_queries(queries, cuts);
  return cuts;
}

std::vector<double> margins_of(std::span<const float> logits, std::size_t rows,
                               const ServedRanker& ranker) {
  const auto width = static_cast<std::size_t>(ranker.score->width);
  if (logits.size() != rows * width) {
    throw RankingError(Fault::kInferenceFailed,
                       "the graph returns " + std::to_string(logits.size()) + " numbers for " +
                           std::to_string(rows) + " rows, which have " + std::to_string(width) +
                           " each; export the checkpoint again",
                       "logits");
  }
  std::vector<double> margins;
  margins.reserve(rows);
  std::vector<double> row(width);
  std::size_t wrong = 0;
  for (std::size_t at = 0; at < logits.size(); at += width) {
    std::copy_n(logits.begin() + static_cast<std::ptrdiff_t>(at), width, row.begin());
    wrong += std::all_of(row.begin(), row.end(), [](double x) { return std::isfinite(x); }) ? 0 : 1;
    margins.push_back(ranker.score->margin(row));
  }
  if (wrong > 0) {
    throw RankingError(Fault::kInferenceFailed,
                       "the graph returns NaN or infinity for " + std::to_string(wrong) + " of " +
                           std::to_string(margins.size()) +
                           " rows; run it in fp32, or export a checkpoint that did not diverge",
                       "logits");
  }
  return margins;
}

namespace {

Ranking ranking_of(const RankRequest& request, const Scored& scored,
                   std::optional<std::size_t> top_n) {
  const ServedRanker& ranker = scored.ranker;
  Ranking ranking;
  ranking.ranker = ranker.manifest().ranker;
  ranking.bundle = ranker.manifest().version;
  std::vector<double> best(request.titles.size(), -HUGE_VAL);
  for (std::size_t i = 0; i < scored.rows.size(); ++i) {
    double& score = best[scored.rows[i].pair];
    score = std::max(score, scored.margins[i]);
  }
  for (const double margin : best) {
    ranking.scores.push_back(ranker.score_of(margin));
  }
  if (ranker.score->has_logits) {
    ranking.logits = std::move(best);
  }
  ranking.order = order_of(ranking.logits.empty() ? ranking.scores : ranking.logits, top_n);
  return ranking;
}

// Whole orders are interleaved, so that scores derived from them cover every document.
Draft draft_of(const RankResponse& response, const Route& route, const std::string& request_id) {
  TeamDraft drafted = team_draft(response.order, response.others.front().order,
                                 route.experiment + "/" + request_id);
  return {std::move(drafted.order), std::move(drafted.pickers), route.teams};
}

}  // namespace

RankResponse rank(const RankRequest& request, std::span<const Scored> scored, const Route& route) {
  RankResponse response;
  response.experiment = route.experiment;
  response.variant = route.variant;
  response.top_n = request.top_n;
  const bool drafts = scored.size() > 1 && scored.size() == route.teams.size();
  std::vector<Cuts> cuts;
  for (const Scored& one : scored) {
    Ranking ranking = ranking_of(request, one, drafts ? std::nullopt : request.top_n);
    if (cuts.empty()) {
      static_cast<Ranking&>(response) = std::move(ranking);
    } else {
      response.others.push_back(std::move(ranking));
    }
    cuts.push_back(cuts_of(one.rows));
    for (const EncodedRow& row : one.rows) {
      response.tokens += static_cast<std::int64_t>(row.length);
    }
  }
  if (drafts) {
    response.draft = draft_of(response, route, request.request_id);
  }
  response.cuts = cuts_of_all(cuts);
  add_warnings(request, cuts, response);
  return response;
}

}  // namespace tensor_service
