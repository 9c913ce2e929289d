// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "ranking/rerank_answer.h"

#include <algorithm>
#include <cmath>

#include "json/python_text.h"
#include "json/utf8.h"
#include "ranking/rerank_documents.h"

namespace tensor_service {
namespace {

// a float64's sigmoid is 1.0 from here on
constexpr double kMostLogit = 36.0;

// The inverse of the sigmoid, for graphs that end in it.
double logit_of(double score) {
  if (score <= 0.0 || score >= 1.0) {
    return std::copysign(kMostLogit, score - 0.5);
  }
  return std::clamp(std::log(score) - std::log1p(-score), -kMostLogit, kMostLogit);
}

double score_of(const Rerank& asked, const Ranking& ranking, std::size_t index) {
  if (!asked.raw_scores) {
    return ranking.scores[index];
  }
  return ranking.logits.empty() ? logit_of(ranking.scores[index]) : ranking.logits[index];
}

// Scores fall from first to last, also when two rankers' orders are drafted: neither their scores
// nor their logits compare.
double shown_score(const RankResponse& response, std::size_t place, double score) {
  if (!response.draft) {
    return score;
  }
  return 1.0 - static_cast<double>(place) / static_cast<double>(response.draft->order.size());
}

void append_result(std::string& out, const Rerank& asked, const RankRequest& request,
                   const RankResponse& response, std::size_t place, const Shown& shown) {
  const std::size_t index = shown.index;
  const std::string_view text = request.titles[index];
  const double score = score_of(asked, *shown.ranking, index);
  out += "{\"index\":" + std::to_string(index);
  out += asked.shape.bare ? ",\"score\":" : ",\"relevance_score\":";
  out += python_float(shown_score(response, place, score));
  if (asked.with_texts && asked.shape.bare) {
    out += ",\"text\":";
    append_json_text(out, text);
  } else if (asked.with_texts) {
    out += ",\"document\":";
    if (asked.plain_texts) {
      append_json_text(out, text);
    } else {
      append_shown_document(out, asked.fields.documents->items[index], text);
    }
  }
  if (response.draft && !asked.shape.bare) {
    out += ",\"team\":" + json_text(shown.team) + ",\"team_score\":" + python_float(score);
  }
  out += '}';
}

std::string results_json(const Rerank& asked, const RankRequest& request,
                         const RankResponse& response) {
  std::string out = "[";
  std::size_t place = 0;
  for (const Shown& shown : shown_of(response)) {
    out += out.size() > 1 ? "," : "";
    append_result(out, asked, request, response, place++, shown);
  }
  return out + "]";
}

std::string warnings_json(const RankResponse& response) {
  std::string out = "[";
  for (const std::string& warning : response.warnings) {
    out += out.size() > 1 ? "," : "";
    append_json_text(out, warning);
  }
  return out + "]";
}

std::string usage_json(const RankResponse& response) {
  const std::string tokens = std::to_string(response.tokens);
  std::string truncated;
  for (const std::size_t index : response.cuts.truncated) {
    truncated += (truncated.empty() ? "" : ",") + std::to_string(index);
  }
  return "{\"prompt_tokens\":" + tokens + ",\"total_tokens\":" + tokens +
         ",\"truncated_documents\":" + std::to_string(response.cuts.truncated.size()) +
         ",\"truncated\":[" + truncated + "]}";
}

// Cohere's clients read these.
std::string meta_json(const Rerank& asked, const RankResponse& response, std::string_view version) {
  std::string out = "{\"api_version\":{\"version\":" + json_text(version) +
                    "},\"billed_units\":{\"search_units\":1},\"tokens\":{\"input_tokens\":" +
                    std::to_string(response.tokens);
  out += asked.with_output_tokens ? ",\"output_tokens\":0}" : "}";
  if (!response.warnings.empty()) {
    out += ",\"warnings\":" + warnings_json(response);
  }
  return out + "}";
}

double rounded(double milliseconds) { return std::round(milliseconds * 1000.0) / 1000.0; }

// Of a field such as documents[3].title its parts, numbers as such.
std::string location_json(std::string_view field) {
  std::string out = "[\"body\"";
  while (!field.empty()) {
    const std::size_t end = std::min(field.find_first_of(".[]"), field.size());
    const std::string_view part = field.substr(0, end);
    const bool number = part.find_first_not_of("0123456789") == std::string_view::npos;
    if (!part.empty()) {
      const std::size_t digits = std::min(part.find_first_not_of('0'), part.size() - 1);
      out += "," + (number ? std::string(part.substr(digits)) : json_text(part));
    }
    field.remove_prefix(std::min(end + 1, field.size()));
  }
  return out + "]";
}

}  // namespace

void add_doubts(const Rerank& asked, RankResponse& response) {
  auto& said = response.warnings;
  said.insert(said.end(), asked.doubts.begin(), asked.doubts.end());
  std::string without = response.logits.empty() ? response.bundle : "";
  for (const Ranking& other : response.others) {
    if (other.logits.empty()) {
      without += (without.empty() ? "" : " and ") + other.bundle;
    }
  }
  if (asked.raw_scores && !without.empty()) {
    said.push_back("the graph of bundle " + without +
                   " returns scores and no logits: raw_scores are computed from scores, and are "
                   "equal where scores are 1.0; export the checkpoint again");
  }
}

void refuse_cut(const Rerank& asked, const RankResponse& response) {
  if (asked.may_cut) {
    return;
  }
  const std::string option = asked.shape.bare ? "truncate" : "truncation";
  if (response.cuts.queries > 0) {
    throw RankingError(Fault::kTooLarge,
                       "it has more tokens than the model takes beside these texts; shorten it, or "
                       "leave " +
                           option + " out",
                       "query");
  }
  if (const std::size_t cut = response.cuts.truncated.size(); cut > 0) {
    throw RankingError(Fault::kTooLarge,
                       std::to_string(cut) + " of " + std::to_string(response.scores.size()) +
                           " texts have more tokens than the model takes; shorten them, or leave " +
                           option + " out",
                       asked.shape.bare ? "texts" : "documents");
  }
}

std::string timings_json(const Timings& timings, const JsonStyle& style) {
  std::string out = "{";
  const auto add = [&](std::string_view name, double milliseconds) {
    out += out.size() > 1 ? style.comma : std::string_view();
    append_json_text(out, name);
    out += style.colon;
    out += python_float(rounded(milliseconds));
  };
  add("tokenize", timings.tokenize_ms);
  add("queue", timings.queue_ms);
  add("compute", timings.compute_ms);
  return out + "}";
}

std::string rerank_json(const Rerank& asked, const RankRequest& request,
                        const RankResponse& response, std::string_view version) {
  const std::string results = results_json(asked, request, response);
  if (asked.shape.bare) {
    return results;
  }
  std::string out = "{\"id\":" + json_text(request.request_id);
  out += asked.shape.voyage ? ",\"object\":\"list\"" : ",\"object\":\"rerank\"";
  out += ",\"model\":" + json_text(asked.model.empty() ? response.ranker : asked.model);
  out += (asked.shape.voyage ? ",\"data\":" : ",\"results\":") + results;
  out += ",\"usage\":" + usage_json(response);
  out += ",\"meta\":" + meta_json(asked, response, version);
  out += ",\"ranker\":" + json_text(response.ranker);
  out += ",\"bundle\":" + json_text(response.bundle);
  out += ",\"experiment\":" + json_text(response.experiment);
  out += ",\"variant\":" + json_text(response.variant);
  out += ",\"timings_ms\":" + timings_json(response.timings, {});
  if (!response.warnings.empty()) {
    out += ",\"warnings\":" + warnings_json(response);
  }
  return out + "}";
}

std::string rerank_error_json(const RankingError& error, const RerankShape& shape) {
  const std::string message = with_escaped_surrogates(error.message);
  const std::string code = json_text(error.facts().code);
  std::string field;
  if (error.field) {
    field = first_characters(with_escaped_surrogates(*error.field), 200);
  }
  const std::string text = json_text(field.empty() ? message : field + ": " + message);
  const std::string named = ",\"message\":" + json_text(message);
  if (shape.voyage || shape.bare) {
    // Voyage's SDK fails on an error that is an object
    const std::string second = shape.voyage
                                   ? ",\"detail\":" + text
                                   : ",\"error_type\":" + json_text(error.facts().tei_type);
    return "{\"error\":" + text + second + ",\"code\":" + code + named +
           (error.field ? ",\"field\":" + json_text(field) : "") + "}";
  }
  const std::string shared =
      "{\"code\":" + code + named + ",\"field\":" + (error.field ? json_text(field) : "null") + "}";
  // of a 422 FastAPI's list is what Infinity's client parses
  const std::string detail = error.facts().http_status == 422
                                 ? "[{\"loc\":" + location_json(field) +
                                       ",\"msg\":" + json_text(message) + ",\"type\":" + code + "}]"
                                 : text;
  return "{\"error\":" + shared + ",\"message\":" + text + ",\"detail\":" + detail + "}";
}

std::string header_text(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (c > ' ' && c < '\x7F' && c != '%') {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHex[byte >> 4U];
      out += kHex[byte & 0xFU];
    }
  }
  return out;
}

std::string warnings_header(const RankResponse& response) {
  std::string all;
  for (const std::string& warning : response.warnings) {
    all += (all.empty() ? "" : "; ") + warning;
  }
  return header_text(all);
}

}  // namespace tensor_service
