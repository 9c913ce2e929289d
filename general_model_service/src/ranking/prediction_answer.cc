// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include <utility>
#include <vector>

#include "json/python_text.h"
#include "ranking/prediction.h"
#include "ranking/rerank_answer.h"

namespace tensor_service {
namespace {

// as json.dumps separates what it writes
constexpr JsonStyle kSpaced{.comma = ", ", .colon = ": "};

// Elements of a list, each written by `write`.
template <class Items, class Write>
std::string list_json(const Items& items, Write write) {
  std::string out = "[";
  for (const auto& item : items) {
    out += out.size() > 1 ? ", " : "";
    write(out, item);
  }
  return out + "]";
}

// 1 - place / documents: who sorts by it sees what was drafted, for scores of two rankers do not
// compare.
std::vector<double> drafted_scores(const Draft& draft) {
  std::vector<double> scores(draft.order.size());
  for (std::size_t place = 0; place < draft.order.size(); ++place) {
    scores[draft.order[place]] =
        1.0 - static_cast<double>(place) / static_cast<double>(scores.size());
  }
  return scores;
}

// Nested one by one for the pair-wise ranker, as upstream's two services shape them.
std::string predict_json(const RankResponse& response) {
  const bool nested = response.ranker == "pairwise";
  const auto write = [nested](std::string& out, double score) {
    out += (nested ? "[" : "") + python_float(score) + (nested ? "]" : "");
  };
  return list_json(response.draft ? drafted_scores(*response.draft) : response.scores, write);
}

std::string results_json(const RankRequest& request, const RankResponse& response) {
  return list_json(shown_of(response), [&](std::string& out, const Shown& shown) {
    out += "{\"index\": " + std::to_string(shown.index) +
           ", \"score\": " + python_float(shown.ranking->scores[shown.index]);
    if (response.draft) {
      out += ", \"team\": ";
      append_json_text(out, shown.team);
    }
    if (request.return_documents) {
      out += ", \"document\": ";
      append_json_text(out, request.titles[shown.index]);
    }
    out += '}';
  });
}

std::string usage_json(const RankResponse& response) {
  const std::string truncated =
      list_json(response.cuts.truncated,
                [](std::string& out, std::size_t index) { out += std::to_string(index); });
  return "{\"tokens\": " + std::to_string(response.tokens) + ", \"truncated\": " + truncated + "}";
}

std::string ranking_json(const Ranking& ranking) {
  const auto numbers = [](const std::vector<double>& values) {
    return list_json(values, [](std::string& out, double value) { out += python_float(value); });
  };
  std::string out = "{\"bundle\": ";
  append_json_text(out, ranking.bundle);
  out += ", \"scores\": " + numbers(ranking.scores);
  if (!ranking.logits.empty()) {
    out += ", \"logits\": " + numbers(ranking.logits);
  }
  return out + ", \"order\": " +
         list_json(ranking.order,
                   [](std::string& text, std::size_t index) { text += std::to_string(index); }) +
         "}";
}

// By ranker; two bundles of one ranker are told apart by their versions.
std::string rankings_json(const RankResponse& response) {
  std::vector<const Ranking*> all{&response};
  for (const Ranking& other : response.others) {
    all.push_back(&other);
  }
  bool alike = false;
  for (std::size_t i = 1; i < all.size(); ++i) {
    alike = alike || all[i]->ranker == all[0]->ranker;
  }
  std::string out = "{";
  for (const Ranking* ranking : all) {
    out += out.size() > 1 ? ", " : "";
    append_json_text(out, alike ? ranking->ranker + "@" + ranking->bundle : ranking->ranker);
    out += ": " + ranking_json(*ranking);
  }
  return out + "}";
}

template <class Part>
std::string texts_json(const WireAnswer& wire, Part part) {
  std::string out = "[";
  for (const auto& entry : wire) {
    out += out.size() > 1 ? "," : "";
    append_json_text(out, part(entry));
  }
  return out + "]";
}

}  // namespace

std::string gateway_json(int err_no, std::string_view message, const WireAnswer& wire) {
  std::string out = "{\"err_no\":" + std::to_string(err_no) + ",\"err_msg\":";
  append_json_text(out, message);
  out += ",\"key\":" + texts_json(wire, [](const auto& entry) { return entry.first; });
  out += ",\"value\":" +
         texts_json(wire, [](const auto& entry) { return std::string_view(entry.second); });
  return out + ",\"tensors\":[]}";
}

// "predict" comes first, as existing clients read value[0].
WireAnswer prediction_wire(const RankRequest& request, const RankResponse& response) {
  WireAnswer wire{{"predict", predict_json(response)},
                  {"results", results_json(request, response)},
                  {"ranker", response.others.empty() ? response.ranker : std::string(kBothRankers)},
                  {"bundle", response.bundle},
                  {"request_id", request.request_id},
                  {"experiment", response.experiment},
                  {"variant", response.variant},
                  {"usage", usage_json(response)},
                  {"timings_ms", timings_json(response.timings, kSpaced)}};
  if (!response.others.empty()) {
    wire.emplace_back("rankings", rankings_json(response));
  }
  if (!response.warnings.empty()) {
    wire.emplace_back(
        "warnings", list_json(response.warnings, [](std::string& out, const std::string& warning) {
          append_json_text(out, warning);
        }));
  }
  return wire;
}

WireAnswer prediction_error_wire(const Progress& progress) {
  if (progress.asked.empty()) {
    return {};
  }
  return {{"request_id", progress.request_id},
          {"experiment", progress.experiment},
          {"variant", progress.variant}};
}

std::string prediction_json(const RankRequest& request, const RankResponse& response) {
  return gateway_json(0, "", prediction_wire(request, response));
}

std::string prediction_error_json(const RankingError& error, const Progress& progress) {
  return gateway_json(error.facts().err_no, error.text(), prediction_error_wire(progress));
}

}  // namespace tensor_service
