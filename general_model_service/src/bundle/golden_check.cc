// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The golden pairs of a bundle against an engine about to serve it; see check_golden in bundle.h.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <span>

#include "bundle/bundle.h"
#include "bundle/golden.h"
#include "bundle/places.h"

namespace tensor_service {
namespace {

namespace fs = std::filesystem;

using Pairs = std::span<const GoldenPair>;

// Padded tokens of a batch, when it has more than one row. An engine keeps the memory of its
// largest batch: 24 MB where seven short titles are padded to one of 384 tokens, else 3.
constexpr std::size_t kBatchTokens = 512;

// Those that one batch takes of the first pairs.
Pairs next_batch(Pairs pairs) {
  std::size_t longest = 0;
  for (std::size_t rows = 1; rows <= pairs.size(); ++rows) {
    longest = std::max(longest, pairs[rows - 1].input_ids.size());
    if (rows > 1 && rows * longest > kBatchTokens) {
      return pairs.first(rows - 1);
    }
  }
  return pairs;
}

// Rows of one list, padded with 0 on the right to the longest, as contract.encoding pads.
class PaddedBatch {
 public:
  explicit PaddedBatch(Pairs pairs) {
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

std::string number_text(double number) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.7g", number);
  return text;
}

const Tolerance& tolerance_of(const Manifest& manifest, Precision precision) {
  const bool exact = precision == Precision::kFp32 && manifest.precision == "fp32";
  return exact ? kFp32Tolerance : kLowPrecisionTolerance;
}

class Checker {
 public:
  Checker(const Bundle& bundle, Engine& engine, Precision precision, const fs::path& file)
      : file_(file),
        engine_(engine),
        function_(*find_score_function(bundle.manifest->score_function)),
        lists_(read_golden(file, function_)),
        tolerance_(tolerance_of(*bundle.manifest, precision)),
        allowed_(allowed_margin(tolerance_, lists_)),
        remedy_(precision == Precision::kBf16 ? "; serve it with --precision fp32"
                                              : "; export the bundle again"),
        input_ids_(port_of(file_, bundle.feeds, engine.inputs(), "input_ids")),
        token_type_ids_(port_of(file_, bundle.feeds, engine.inputs(), "token_type_ids")),
        logits_(port_of(file_, bundle.fetches, engine.outputs(), bundle.manifest->logits)) {
    if (engine.inputs().size() != 2) {
      throw BundleError(file_.string() +
                        ": the graph takes more than input_ids and token_type_ids; export the "
                        "bundle again");
    }
  }

  GoldenResult check() {
    double worst = 0.0;
    for (const auto& [number, pairs] : lists_) {
      worst = std::max(worst, check_list(number, pairs));
    }
    return {worst, doubt_of(lists_, function_, allowed_)};
  }

 private:
  // Largest difference in the list.
  double check_list(std::int64_t number, const std::vector<GoldenPair>& pairs) {
    const std::string where = file_.string() + ": list " + std::to_string(number) + ": ";
    const std::vector<double> margins = margins_of(where, pairs);
    double worst = 0.0;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      const std::string title = " of title " + std::to_string(i);
      const double score = function_.score(margins[i]);
      double found =
          difference(where + "the score" + title, score, pairs[i].score, tolerance_.score);
      if (function_.has_logits) {
        found =
            difference(where + (function_.width == 1 ? "the logit" : "the logits' margin") + title,
                       margins[i], pairs[i].margin, allowed_);
      }
      worst = std::max(worst, found);
    }
    check_order(where, margins, pairs);
    return worst;
  }

  double difference(const std::string& what, double found, double exported, double allowed) const {
    const double difference = std::abs(found - exported);
    if (!(difference <= allowed)) {
      throw BundleError(what + " is " + number_text(found) + ", at export " +
                        number_text(exported) + ", allowed is a difference of " +
                        number_text(allowed) + remedy_);
    }
    return difference;
  }

  std::vector<double> margins_of(const std::string& where, Pairs pairs) {
    std::vector<double> margins;
    while (margins.size() < pairs.size()) {
      add_margins(where, next_batch(pairs.subspan(margins.size())), margins);
    }
    return margins;
  }

  // Of a part of a list, which follows those that are there.
  void add_margins(const std::string& where, Pairs pairs, std::vector<double>& margins) {
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
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      margins.push_back(
          margin_of(where, margins.size(), values + i * static_cast<std::size_t>(function_.width)));
    }
  }

  double margin_of(const std::string& where, std::size_t title, const float* row) const {
    const std::vector<double> logits(row, row + function_.width);
    if (!std::all_of(logits.begin(), logits.end(), [](double x) { return std::isfinite(x); })) {
      throw BundleError(where + "the graph returns NaN or infinity for title " +
                        std::to_string(title) +
                        "; run it in fp32, or export a checkpoint that did not diverge");
    }
    return function_.margin(logits);
  }

  // Titles that the export itself could not tell apart may change places.
  void check_order(const std::string& where, const std::vector<double>& margins,
                   const std::vector<GoldenPair>& pairs) const {
    std::vector<std::size_t> order(margins.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return margins[a] > margins[b]; });
    for (std::size_t i = 1; i < order.size(); ++i) {
      if (pairs[order[i]].margin - pairs[order[i - 1]].margin > allowed_) {
        throw BundleError(where + "the order of the titles is not that at export" + remedy_);
      }
    }
  }

  const fs::path& file_;
  Engine& engine_;
  const ScoreFunction& function_;
  GoldenLists lists_;
  const Tolerance& tolerance_;
  double allowed_;
  const char* remedy_;
  std::size_t input_ids_;
  std::size_t token_type_ids_;
  std::size_t logits_;
};

}  // namespace

std::optional<GoldenResult> check_golden(const Bundle& bundle, Engine& engine,
                                         Precision precision) {
  if (!bundle.manifest) {
    return std::nullopt;
  }
  const fs::path file = bundle.root / kGoldenFile;
  return Checker(bundle, engine, precision, file).check();
}

}  // namespace tensor_service
