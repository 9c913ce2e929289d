// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Counters and histograms of the service, written as Prometheus text. Any thread adds; /metrics
// reads.

#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "report/error.h"

namespace tensor_service {

class Counter {
 public:
  void add(std::int64_t amount = 1) { value_.fetch_add(amount, std::memory_order_relaxed); }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

// Observations in microseconds, or plain numbers, in buckets that double.
class Histogram {
 public:
  static constexpr std::size_t kBuckets = 22;  // 16 .. 2^25, then infinity

  explicit Histogram(std::int64_t first_bound) : first_bound_(first_bound) {}
  void observe(std::int64_t value);

  // Appends the series; values are divided by scale (1e6: microseconds to seconds).
  void write(std::string& text, std::string_view name, std::string_view labels, double scale) const;

 private:
  std::int64_t first_bound_;
  std::array<std::atomic<std::int64_t>, kBuckets + 1> buckets_{};
  std::atomic<std::int64_t> sum_{0};
};

constexpr std::size_t kStatuses = static_cast<std::size_t>(Status::kInternal) + 1;

struct Metrics {
  // seconds of a request's life, measured where they pass
  Histogram parse{16}, queue{16}, compute{16}, write{16}, total{16};
  Histogram batch_rows{1}, batch_tokens{8};
  std::array<Counter, kStatuses> requests;  // by Status
  Counter inference_batches, rows, cancelled_rows;
  Counter text_requests, text_documents;
  Counter total_us, compute_us;  // under the names upstream's dashboards read
  Counter reloads_good, reloads_bad;
  Counter cache_hits, cache_misses;
  Counter connections_opened, connections_closed, connections_refused, timeouts;
  Counter tls_failures;

  void count(Status status) { requests[static_cast<std::size_t>(status)].add(); }
};

// What is true at the moment of asking.
struct Gauges {
  std::int64_t queued_tokens = 0;
  std::int64_t cache_bytes = 0;
  std::int64_t held_bytes = 0;
  std::int64_t wrong_api_keys = 0;
  bool ready = false;
  struct Bundle {
    std::string ranker;
    std::string version;
    std::string precision;
  };
  std::vector<Bundle> bundles;
};

std::string prometheus_text(const Metrics& metrics, const Gauges& gauges);

std::string_view status_name(Status status);

}  // namespace tensor_service
