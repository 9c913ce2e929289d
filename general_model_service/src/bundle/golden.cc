// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "bundle/golden.h"

#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <limits>

#include "bundle/bundle.h"

namespace tensor_service {
namespace {

template <class T>
std::vector<T> numbers_of(const simdjson::dom::element& pair, const char* key) {
  std::vector<T> numbers;
  const simdjson::dom::array elements = pair[key];
  for (const T number : elements) {
    numbers.push_back(number);
  }
  return numbers;
}

double margin_of(const simdjson::dom::element& line, double score, const ScoreFunction& function) {
  if (!function.has_logits) {
    return score;
  }
  const auto logits = numbers_of<double>(line, "logits");
  if (logits.size() != static_cast<std::size_t>(function.width)) {
    throw BundleError(std::to_string(logits.size()) + " logits, " + std::string(function.name) +
                      " takes " + std::to_string(function.width));
  }
  return function.margin(logits);
}

void add_pair(const simdjson::dom::element& line, const ScoreFunction& function,
              GoldenLists& lists) {
  GoldenPair pair;
  pair.input_ids = numbers_of<std::int64_t>(line, "input_ids");
  pair.token_type_ids = numbers_of<std::int64_t>(line, "token_type_ids");
  pair.score = line["score"].get_double().value();
  pair.margin = margin_of(line, pair.score, function);
  if (!std::isfinite(pair.margin)) {
    throw BundleError("its logits are no numbers to compare");
  }
  if (pair.input_ids.empty() || pair.input_ids.size() != pair.token_type_ids.size()) {
    throw BundleError("input_ids and token_type_ids differ in length or are empty");
  }
  lists[line["group"].get_int64().value()].push_back(std::move(pair));
}

// The lowest and the highest margin.
struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void add(const std::vector<GoldenPair>& pairs) {
    for (const GoldenPair& pair : pairs) {
      low = std::min(low, pair.margin);
      high = std::max(high, pair.margin);
    }
  }
  double spread() const { return high - low; }
};

double spread_of(const GoldenLists& lists) {
  Range range;
  for (const auto& [number, pairs] : lists) {
    range.add(pairs);
  }
  return range.spread();
}

}  // namespace

GoldenLists read_golden(const std::filesystem::path& file, const ScoreFunction& function) {
  GoldenLists lists;
  std::size_t number = 0;
  try {
    std::ifstream stream(file, std::ios::binary);
    simdjson::dom::parser parser;
    for (std::string line; std::getline(stream, line);) {
      ++number;
      if (!line.empty()) {
        add_pair(parser.parse(line).value(), function, lists);
      }
    }
  } catch (const std::exception& error) {
    throw BundleError(file.string() + ": line " + std::to_string(number) +
                      ": not a golden pair of this bundle (" + error.what() +
                      "); export the bundle again");
  }
  if (lists.empty()) {
    throw BundleError(file.string() + ": holds no golden pairs; export the bundle again");
  }
  return lists;
}

double allowed_margin(const Tolerance& tolerance, const GoldenLists& lists) {
  return std::max(tolerance.logit, tolerance.of_spread * spread_of(lists));
}

std::string doubt_of(const GoldenLists& lists, const ScoreFunction& function, double allowed) {
  const std::string kind = function.has_logits ? "logits" : "scores";
  const std::string remedy =
      "; name lists that the ranker tells apart with --golden_file, or train it further";
  if (spread_of(lists) == 0) {
    return "they prove nothing: all have the same " + kind + remedy;
  }
  for (const auto& [number, pairs] : lists) {
    Range range;
    range.add(pairs);
    if (range.spread() > allowed) {
      return {};
    }
  }
  char text[32];
  std::snprintf(text, sizeof(text), "%.1e", allowed);
  return "they test no order: no list has two titles whose " + kind + " lie more than " + text +
         " apart" + remedy;
}

}  // namespace tensor_service
