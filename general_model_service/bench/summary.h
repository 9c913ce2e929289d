// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Latencies in, one JSON line with percentiles out. Used by all modes of the benchmark program.

#pragma once

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

namespace tensor_service::bench {

// Nearest-rank percentile of sorted values; 0 of none.
inline double percentile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) {
    return 0;
  }
  const auto rank = static_cast<std::size_t>(share * static_cast<double>(sorted.size()));
  return sorted[std::min(rank, sorted.size() - 1)];
}

// Processor time of this process so far, in seconds.
inline double processor_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

struct Summary {
  std::vector<double> latencies_us;  // of good answers
  std::vector<double> refusals_us;   // of 429 and its like
  double seconds = 0;
  double processor_seconds = 0;  // of the load generator meanwhile
  long rows = 0;                 // of good answers
  long refused = 0;              // 429 and its like
  long failed = 0;               // any other error

  void print() {
    std::sort(latencies_us.begin(), latencies_us.end());
    std::sort(refusals_us.begin(), refusals_us.end());
    std::printf(
        "{\"requests\": %zu, \"refused\": %ld, \"failed\": %ld, \"seconds\": %.3f, "
        "\"pairs_per_s\": %.1f, \"p50_us\": %.1f, \"p90_us\": %.1f, \"p99_us\": %.1f, "
        "\"refused_p99_us\": %.1f, \"generator_cpu_s\": %.3f}\n",
        latencies_us.size(), refused, failed, seconds,
        seconds > 0 ? static_cast<double>(rows) / seconds : 0.0, percentile(latencies_us, 0.5),
        percentile(latencies_us, 0.9), percentile(latencies_us, 0.99),
        percentile(refusals_us, 0.99), processor_seconds);
  }
};

}  // namespace tensor_service::bench
