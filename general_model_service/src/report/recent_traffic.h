// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The ranking requests of the last minutes: counts and quantiles, by variant and ranker, as
// pipeline/telemetry/recent_traffic.py has them. A ring of intervals of ten seconds, so that old
// traffic leaves and memory stays bounded. Bins are 5 % wide, and a quantile is the upper edge of
// its bin: never below the true one, at most 5 % above it.

#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace tensor_service {

// What is told apart.
struct TrafficLine {
  std::string experiment;  // empty for requests that are in none
  std::string variant;
  std::string ranker;  // that answered, or was to; two joined by "+"; empty: it came to none

  auto operator<=>(const TrafficLine&) const = default;
};

// What a status says of a request: refused is not now (429, 503); rejected is wrong, or its caller
// went; failed is the service's fault.
enum class Ending { kAnswered, kFailed, kRefused, kRejected };
Ending ending_of(int http_status);

// Requests by how they ended, and how long the answered ones took.
struct TrafficCounts {
  std::array<std::int64_t, 4> ended{};  // by Ending
  std::map<int, std::int64_t> bins;
  double longest_s = 0.0;

  void add(Ending ending, double seconds);
  void merge(const TrafficCounts& other);
  // Seconds within which the share q of answers came; nothing without any.
  std::optional<double> quantile_s(double q) const;
};

// The traffic of a window.
struct TrafficSnapshot {
  double observed_s = 0.0;  // its length; less than the ring's while the service is young
  std::map<TrafficLine, TrafficCounts> lines;
  std::vector<TrafficCounts> timeline;  // by interval, oldest first, empty intervals too
};

// Any thread.
class RecentTraffic {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr int kIntervalS = 10;
  static constexpr int kIntervals = 30;

  explicit RecentTraffic(Clock::time_point now = Clock::now()) : started_(seconds_of(now)) {}

  // Counts one request, by the status of its answer.
  void ended(const TrafficLine& line, int http_status, double seconds,
             Clock::time_point now = Clock::now());
  // The last five minutes, less what the running interval lacks.
  TrafficSnapshot snapshot(Clock::time_point now = Clock::now()) const;

 private:
  struct Interval {
    std::int64_t number;  // of the clock
    std::map<TrafficLine, TrafficCounts> lines;
  };

  static double seconds_of(Clock::time_point moment) {
    return std::chrono::duration<double>(moment.time_since_epoch()).count();
  }

  const double started_;
  mutable std::mutex mutex_;
  std::deque<Interval> ring_;
};

}  // namespace tensor_service
