// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "report/recent_traffic.h"

#include <algorithm>
#include <cmath>

namespace tensor_service {
namespace {

constexpr double kBinWidth = 0.05;
constexpr double kFirstEdgeS = 1e-4;
constexpr int kLastBin = 300;

int bin_of(double seconds) {
  if (seconds <= kFirstEdgeS) {
    return 0;
  }
  const double bin = std::ceil(std::log(seconds / kFirstEdgeS) / std::log(1 + kBinWidth));
  return static_cast<int>(std::min<double>(kLastBin, bin));
}

}  // namespace

Ending ending_of(int http_status) {
  if (http_status == 429 || http_status == 503) {
    return Ending::kRefused;
  }
  if (http_status >= 500) {
    return Ending::kFailed;
  }
  return http_status >= 400 ? Ending::kRejected : Ending::kAnswered;
}

void TrafficCounts::add(Ending ending, double seconds) {
  ++ended[static_cast<std::size_t>(ending)];
  if (ending == Ending::kAnswered) {
    ++bins[bin_of(seconds)];
    longest_s = std::max(longest_s, seconds);
  }
}

void TrafficCounts::merge(const TrafficCounts& other) {
  for (std::size_t i = 0; i < ended.size(); ++i) {
    ended[i] += other.ended[i];
  }
  for (const auto& [bin, count] : other.bins) {
    bins[bin] += count;
  }
  longest_s = std::max(longest_s, other.longest_s);
}

std::optional<double> TrafficCounts::quantile_s(double q) const {
  const auto answered = static_cast<double>(ended[static_cast<std::size_t>(Ending::kAnswered)]);
  auto rank = static_cast<std::int64_t>(std::ceil(q * answered));
  for (const auto& [bin, count] : bins) {
    rank -= count;
    if (rank <= 0) {
      return std::min(kFirstEdgeS * std::pow(1 + kBinWidth, bin), longest_s);
    }
  }
  return std::nullopt;
}

void RecentTraffic::ended(const TrafficLine& line, int http_status, double seconds,
                          Clock::time_point now) {
  const auto number = static_cast<std::int64_t>(seconds_of(now) / kIntervalS);
  const std::lock_guard lock(mutex_);
  if (ring_.empty() || ring_.back().number < number) {
    ring_.push_back({number, {}});
  }
  if (ring_.size() > kIntervals) {
    ring_.pop_front();
  }
  ring_.back().lines[line].add(ending_of(http_status), seconds);
}

TrafficSnapshot RecentTraffic::snapshot(Clock::time_point now) const {
  const double seconds = seconds_of(now);
  const auto last = static_cast<std::int64_t>(seconds / kIntervalS);
  const std::int64_t first = last - kIntervals + 1;
  const double began = std::max(static_cast<double>(first * kIntervalS), started_);
  const auto started = static_cast<std::int64_t>(started_ / kIntervalS);
  TrafficSnapshot seen;
  seen.observed_s = seconds - began;
  std::deque<Interval> ring;
  {
    const std::lock_guard lock(mutex_);
    ring = ring_;
  }
  const std::int64_t begin = std::max(first, started);
  seen.timeline.resize(static_cast<std::size_t>(last - begin + 1));
  for (const Interval& interval : ring) {
    if (interval.number < begin || interval.number > last) {
      continue;
    }
    for (const auto& [line, counts] : interval.lines) {
      seen.lines[line].merge(counts);
      seen.timeline[static_cast<std::size_t>(interval.number - begin)].merge(counts);
    }
  }
  return seen;
}

}  // namespace tensor_service
