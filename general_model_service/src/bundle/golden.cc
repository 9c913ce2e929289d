// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "bundle/golden.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <numeric>

#include "bundle/bundle.h"

namespace tensor_service {
namespace {

namespace fs = std::filesystem;

constexpr float kFp32Tolerance = 1e-5F;
constexpr float kLowPrecisionTolerance = 1e-2F;

// Without overflow for a large negative x.
double sigmoid(double x) {
  const double e = std::exp(-std::abs(x));
  return x >= 0 ? 1.0 / (1.0 + e) : e / (1.0 + e);
}

constexpr std::array<ScoreFunction, 3> kScoreFunctions{{
    {"sigmoid", 1, [](const float* x) { return static_cast<float>(sigmoid(x[0])); }},
    {"softmax_positive", 2,
     [](const float* x) {
       return static_cast<float>(sigmoid(static_cast<double>(x[1]) - static_cast<double>(x[0])));
     }},
    {"identity", 1, [](const float* x) { return x[0]; }},
}};

std::vector<std::int64_t> ids_of(const simdjson::dom::element& pair, const char* key) {
  std::vector<std::int64_t> ids;
  const simdjson::dom::array elements = pair[key];
  for (const std::int64_t id : elements) {
    ids.push_back(id);
  }
  return ids;
}

void add_pair(const simdjson::dom::element& line, GoldenLists& lists) {
  GoldenPair pair;
  pair.input_ids = ids_of(line, "input_ids");
  pair.token_type_ids = ids_of(line, "token_type_ids");
  pair.score = static_cast<float>(line["score"].get_double().value());
  if (pair.input_ids.empty() || pair.input_ids.size() != pair.token_type_ids.size()) {
    throw BundleError("input_ids and token_type_ids differ in length or are empty");
  }
  lists[line["group"].get_int64().value()].push_back(std::move(pair));
}

// Rows of one list, padded with 0 on the right to the longest, as contract.encoding pads.
class PaddedBatch {
 public:
  explicit PaddedBatch(const std::vector<GoldenPair>& pairs) {
    std::size_t length = 0;
    for (const GoldenPair& pair : pairs) {
      length = std::max(length, pair.input_ids.size());
    }
    shape_ = {static_cast<std::int64_t>(pairs.size()), static_cast<std::int64_t>(length)};
    for (const GoldenPair& pair : pairs) {
      append(pair.input_ids, length, input_ids_);
      append(pair.token_type_ids, length, token_type_ids_);
    }
  }
  TensorView input_ids() const { return view(input_ids_); }
  TensorView token_type_ids() const { return view(token_type_ids_); }

 private:
  static void append(const std::vector<std::int64_t>& row, std::size_t length,
                     std::vector<std::int64_t>& batch) {
    batch.insert(batch.end(), row.begin(), row.end());
    batch.resize(batch.size() + length - row.size(), 0);
  }
  TensorView view(const std::vector<std::int64_t>& batch) const {
    return {ElemType::kInt64, shape_, reinterpret_cast<const std::byte*>(batch.data())};
  }

  Shape shape_;
  std::vector<std::int64_t> input_ids_;
  std::vector<std::int64_t> token_type_ids_;
};

// Where the graph has what the bundle calls by that alias.
std::size_t port_of(const fs::path& file, const std::vector<TensorSpec>& specs,
                    const std::vector<Port>& ports, std::string_view alias) {
  const auto spec = std::find_if(specs.begin(), specs.end(),
                                 [&](const TensorSpec& known) { return known.alias == alias; });
  if (spec != specs.end()) {
    for (std::size_t i = 0; i < ports.size(); ++i) {
      if (ports[i].name == spec->name) {
        return i;
      }
    }
  }
  throw BundleError(file.string() + ": the graph has no " + std::string(alias) +
                    " to check the golden pairs with; export the bundle again");
}

class Checker {
 public:
  Checker(const Bundle& bundle, Engine& engine, Precision precision)
      : file_(bundle.root / kGoldenFile),
        engine_(engine),
        function_(*find_score_function(bundle.manifest->score_function)),
        tolerance_(precision == Precision::kFp32 ? kFp32Tolerance : kLowPrecisionTolerance),
        remedy_(precision == Precision::kBf16 ? "serve it with --precision fp32"
                                              : "export the bundle again"),
        input_ids_(port_of(file_, bundle.feeds, engine.inputs(), "input_ids")),
        token_type_ids_(port_of(file_, bundle.feeds, engine.inputs(), "token_type_ids")),
        logits_(port_of(file_, bundle.fetches, engine.outputs(), bundle.manifest->logits)) {
    if (engine.inputs().size() != 2) {
      throw BundleError(file_.string() +
                        ": the graph takes more than input_ids and token_type_ids; export the "
                        "bundle again");
    }
  }

  // Largest difference in the list.
  float check(std::int64_t number, const std::vector<GoldenPair>& pairs) {
    const std::string where = file_.string() + ": list " + std::to_string(number) + ": ";
    const std::vector<float> scores = score(where, pairs);
    float worst = 0.0F;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      const float difference = std::abs(scores[i] - pairs[i].score);
      if (!(difference <= tolerance_)) {  // also catches NaN
        throw BundleError(where + "the score of title " + std::to_string(i) + " is " +
                          std::to_string(scores[i]) + ", at export " +
                          std::to_string(pairs[i].score) + "; " + remedy_);
      }
      worst = std::max(worst, difference);
    }
    check_order(where, scores, pairs);
    return worst;
  }

 private:
  std::vector<float> score(const std::string& where, const std::vector<GoldenPair>& pairs) {
    const PaddedBatch batch(pairs);
    std::array<TensorView, 2> feeds;
    feeds[input_ids_] = batch.input_ids();
    feeds[token_type_ids_] = batch.token_type_ids();
    const TensorView logits = engine_.run(feeds)[logits_];
    const Shape expected{static_cast<std::int64_t>(pairs.size()), function_.width};
    if (logits.type != ElemType::kFp32 ||
        !std::equal(logits.shape.begin(), logits.shape.end(), expected.begin(), expected.end())) {
      throw BundleError(where + "the graph returned " + std::string(elem_type_name(logits.type)) +
                        " " + shape_text(logits.shape) + ", not float32 " + shape_text(expected) +
                        "; export the bundle again");
    }
    const auto* values = reinterpret_cast<const float*>(logits.data);
    std::vector<float> scores;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      scores.push_back(function_.score(values + i * static_cast<std::size_t>(function_.width)));
    }
    return scores;
  }

  // Titles that the export itself could not tell apart may change places.
  void check_order(const std::string& where, const std::vector<float>& scores,
                   const std::vector<GoldenPair>& pairs) const {
    std::vector<std::size_t> order(scores.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
    for (std::size_t i = 1; i < order.size(); ++i) {
      if (pairs[order[i]].score - pairs[order[i - 1]].score > tolerance_) {
        throw BundleError(where + "the order of the titles is not that at export; " + remedy_);
      }
    }
  }

  fs::path file_;
  Engine& engine_;
  const ScoreFunction& function_;
  float tolerance_;
  const char* remedy_;
  std::size_t input_ids_;
  std::size_t token_type_ids_;
  std::size_t logits_;
};

}  // namespace

const ScoreFunction* find_score_function(std::string_view name) {
  const auto* found =
      std::find_if(kScoreFunctions.begin(), kScoreFunctions.end(),
                   [name](const ScoreFunction& known) { return known.name == name; });
  return found == kScoreFunctions.end() ? nullptr : found;
}

std::string score_function_names() {
  std::string names;
  for (const ScoreFunction& function : kScoreFunctions) {
    names += (names.empty() ? "" : ", ") + std::string(function.name);
  }
  return names;
}

GoldenLists read_golden(const fs::path& file) {
  GoldenLists lists;
  std::size_t number = 0;
  try {
    std::ifstream stream(file, std::ios::binary);
    simdjson::dom::parser parser;
    for (std::string line; std::getline(stream, line);) {
      ++number;
      if (!line.empty()) {
        add_pair(parser.parse(line).value(), lists);
      }
    }
  } catch (const std::exception& error) {
    throw BundleError(file.string() + ": line " + std::to_string(number) + ": not a golden pair (" +
                      error.what() + "); export the bundle again");
  }
  if (lists.empty()) {
    throw BundleError(file.string() + ": holds no golden pairs; export the bundle again");
  }
  return lists;
}

std::optional<double> check_golden(const Bundle& bundle, Engine& engine, Precision precision) {
  const fs::path file = bundle.root / kGoldenFile;
  if (!bundle.manifest || !fs::is_regular_file(file)) {
    return std::nullopt;
  }
  const GoldenLists lists = read_golden(file);
  Checker checker(bundle, engine, precision);
  float worst = 0.0F;
  for (const auto& [number, pairs] : lists) {
    worst = std::max(worst, checker.check(number, pairs));
  }
  return worst;
}

}  // namespace tensor_service
