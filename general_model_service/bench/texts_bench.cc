// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "texts_bench.h"

#include <chrono>
#include <fstream>
#include <stdexcept>
#include <utility>
#include <vector>

#include "text/pair_encoder.h"

namespace tensor_service::bench {
namespace {

using Clock = std::chrono::steady_clock;

std::vector<std::pair<std::string, std::string>> read_pairs(const std::string& path) {
  std::ifstream stream(path);
  std::vector<std::pair<std::string, std::string>> pairs;
  for (std::string line; std::getline(stream, line);) {
    const std::size_t tab = line.find('\t');
    if (tab == std::string::npos) {
      throw std::runtime_error(path + ": a line has no tab between query and title");
    }
    pairs.emplace_back(line.substr(0, tab), line.substr(tab + 1));
  }
  if (pairs.empty()) {
    throw std::runtime_error(path + ": has no pairs, or cannot be read");
  }
  return pairs;
}

}  // namespace

Summary run_texts(const TextsRun& run) {
  const PairEncoder encoder = PairEncoder::load(run.tokenizer, run.max_seq_length,
                                                text_rules(run.truncation, run.normalization));
  const auto texts = read_pairs(run.pairs);
  std::vector<TextPair> pairs;
  for (const auto& [query, title] : texts) {
    pairs.push_back({query, title});
  }
  Summary summary;
  const auto start = Clock::now();
  const auto end = start + std::chrono::duration<double>(run.seconds);
  auto before = start;
  while (before < end) {
    const EncodedRows rows = encoder.encode_pairs(pairs);
    const auto after = Clock::now();
    summary.latencies_us.push_back(
        std::chrono::duration<double, std::micro>(after - before).count());
    summary.rows += static_cast<long>(rows.rows.size());
    before = after;
  }
  summary.seconds = std::chrono::duration<double>(before - start).count();
  return summary;
}

}  // namespace tensor_service::bench
