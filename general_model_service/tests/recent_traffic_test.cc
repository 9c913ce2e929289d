// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The traffic of five minutes: what is counted under which line, when it leaves, and quantiles.

#include "report/recent_traffic.h"

#include <gtest/gtest.h>

namespace tensor_service {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const TrafficLine kLine{"ab", "a", "pairwise"};
const RecentTraffic::Clock::time_point kStart{seconds(100'000)};

std::int64_t count(const TrafficCounts& counts, Ending verdict) {
  return counts.ended[static_cast<std::size_t>(verdict)];
}

TEST(RecentTraffic, CountsByLineAndVerdict) {
  RecentTraffic traffic(kStart);
  for (const int status : {200, 500, 504, 429, 503, 400, 422, 499}) {
    traffic.ended(kLine, status, 0.01, kStart + seconds(1));
  }
  traffic.ended({}, 200, 0.01, kStart + seconds(1));
  const TrafficSnapshot seen = traffic.snapshot(kStart + seconds(2));
  ASSERT_EQ(seen.lines.size(), 2U);
  const TrafficCounts& counts = seen.lines.at(kLine);
  EXPECT_EQ(count(counts, Ending::kAnswered), 1);
  EXPECT_EQ(count(counts, Ending::kFailed), 2);
  EXPECT_EQ(count(counts, Ending::kRefused), 2);
  EXPECT_EQ(count(counts, Ending::kRejected), 3);
  EXPECT_EQ(seen.observed_s, 2.0);
  ASSERT_EQ(seen.timeline.size(), 1U);
  EXPECT_EQ(count(seen.timeline[0], Ending::kAnswered), 2);
}

TEST(RecentTraffic, OldTrafficLeaves) {
  RecentTraffic traffic(kStart);
  traffic.ended(kLine, 200, 0.01, kStart);
  EXPECT_EQ(traffic.snapshot(kStart + seconds(299)).lines.size(), 1U);
  const TrafficSnapshot later = traffic.snapshot(kStart + seconds(300));
  EXPECT_TRUE(later.lines.empty());
  EXPECT_EQ(later.timeline.size(), 30U);
  EXPECT_EQ(later.observed_s, 290.0);
}

TEST(RecentTraffic, TheTimelineHasEmptyIntervals) {
  RecentTraffic traffic(kStart);
  traffic.ended(kLine, 200, 0.01, kStart);
  traffic.ended(kLine, 200, 0.01, kStart + seconds(25));
  const TrafficSnapshot seen = traffic.snapshot(kStart + seconds(25));
  ASSERT_EQ(seen.timeline.size(), 3U);
  EXPECT_EQ(count(seen.timeline[1], Ending::kAnswered), 0);
  EXPECT_EQ(count(seen.timeline[2], Ending::kAnswered), 1);
}

TEST(RecentTraffic, AQuantileIsTheUpperEdgeOfItsBin) {
  TrafficCounts counts;
  EXPECT_FALSE(counts.quantile_s(0.5));
  for (int i = 1; i <= 1000; ++i) {
    counts.add(Ending::kAnswered, i / 1000.0);
  }
  counts.add(Ending::kFailed, 100.0);
  EXPECT_GE(*counts.quantile_s(0.5), 0.5);
  EXPECT_LE(*counts.quantile_s(0.5), 0.5 * 1.05);
  EXPECT_GE(*counts.quantile_s(0.99), 0.99);
  EXPECT_EQ(*counts.quantile_s(1.0), 1.0);
  EXPECT_EQ(counts.longest_s, 1.0);
}

}  // namespace
}  // namespace tensor_service
