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

// Nested one by one for the pair-wise ranker, as upstream's two services shape them.
std::string predict_json(const RankResponse& response) {
  const bool nested = response.ranker == "pairwise";
  return list_json(response.scores, [nested](std::string& out, double score) {
    out += (nested ? "[" : "") + python_float(score) + (nested ? "]" : "");
  });
}

std::string results_json(const RankRequest& request, const RankResponse& response) {
  return list_json(response.order, [&](std::string& out, std::size_t index) {
    out += "{\"index\": " + std::to_string(index) +
           ", \"score\": " + python_float(response.scores[index]);
    if (request.return_documents) {
      out += ", \"document\": ";
      append_json_text(out, request.titles[index]);
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

std::string five_fields(int err_no, std::string_view message, const WireAnswer& wire) {
  std::string out = "{\"err_no\":" + std::to_string(err_no) + ",\"err_msg\":";
  append_json_text(out, message);
  out += ",\"key\":" + texts_json(wire, [](const auto& entry) { return entry.first; });
  out += ",\"value\":" +
         texts_json(wire, [](const auto& entry) { return std::string_view(entry.second); });
  return out + ",\"tensors\":[]}";
}

}  // namespace

// "predict" comes first, as existing clients read value[0].
WireAnswer prediction_wire(const RankRequest& request, const RankResponse& response) {
  WireAnswer wire{{"predict", predict_json(response)},
                  {"results", results_json(request, response)},
                  {"ranker", response.others.empty() ? response.ranker : std::string(kBothRankers)},
                  {"bundle", response.bundle},
                  {"request_id", request.request_id},
                  {"experiment", ""},
                  {"variant", ""},
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

WireAnswer prediction_error_wire(bool routed, std::string_view request_id) {
  if (!routed) {
    return {};
  }
  return {{"request_id", std::string(request_id)}, {"experiment", ""}, {"variant", ""}};
}

std::string prediction_json(const RankRequest& request, const RankResponse& response) {
  return five_fields(0, "", prediction_wire(request, response));
}

std::string prediction_error_json(const RankingError& error, bool routed,
                                  std::string_view request_id) {
  return five_fields(error.facts().err_no, error.text(), prediction_error_wire(routed, request_id));
}

}  // namespace tensor_service
