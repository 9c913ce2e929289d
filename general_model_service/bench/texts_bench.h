// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Pairs of texts to rows of tokens, by one thread, without Python.

#pragma once

#include <string>

#include "summary.h"

namespace tensor_service::bench {

struct TextsRun {
  std::string tokenizer;  // a directory
  std::string pairs;      // a file with a pair a line: query, tab, title
  std::string truncation = "longest_first";
  std::string normalization = "none";
  std::size_t max_seq_length = 128;
  double seconds = 2;
};

// Each latency is that of all pairs at once.
Summary run_texts(const TextsRun& run);

}  // namespace tensor_service::bench
