// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "report/metrics.h"

#include <gtest/gtest.h>

namespace tensor_service {
namespace {

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST(Metrics, BucketsAreCumulativeAndBoundsInclusive) {
  Histogram histogram(16);
  for (const std::int64_t value : {0, 16, 17, 32, 33, 1 << 30}) {
    histogram.observe(value);
  }
  std::string text;
  histogram.write(text, "t", "stage=\"x\"", 1);
  EXPECT_TRUE(has_line(text, "t_bucket{stage=\"x\",le=\"16\"} 2")) << text;
  EXPECT_TRUE(has_line(text, "t_bucket{stage=\"x\",le=\"32\"} 4")) << text;
  EXPECT_TRUE(has_line(text, "t_bucket{stage=\"x\",le=\"64\"} 5")) << text;
  EXPECT_TRUE(has_line(text, "t_bucket{stage=\"x\",le=\"+Inf\"} 6")) << text;
  EXPECT_TRUE(has_line(text, "t_count{stage=\"x\"} 6")) << text;
  EXPECT_TRUE(has_line(text, "t_sum{stage=\"x\"} 1073741922")) << text;
}

TEST(Metrics, EveryStatusHasItsCounter) {
  Metrics metrics;
  for (std::size_t i = 0; i < kStatuses; ++i) {
    metrics.count(static_cast<Status>(i));
  }
  metrics.count(Status::kOverloaded);
  const std::string text = prometheus_text(metrics, {});
  EXPECT_TRUE(has_line(text, "tensor_service_requests_total{status=\"ok\"} 1"));
  EXPECT_TRUE(has_line(text, "tensor_service_requests_total{status=\"internal\"} 1"));
  EXPECT_TRUE(has_line(text, "tensor_service_requests_total{status=\"overloaded\"} 2"));
  EXPECT_TRUE(has_line(text, "pd_query_request_success_total 1"));
  EXPECT_TRUE(has_line(text, "pd_query_request_failure_total 17"));
}

TEST(Metrics, LabelsOfAManifestAreEscaped) {
  Gauges gauges;
  gauges.bundles.push_back({"a\"b\\c\nd", "", ""});
  const std::string text = prometheus_text(Metrics{}, gauges);
  EXPECT_NE(text.find("ranker=\"a\\\"b\\\\c d\""), std::string::npos) << text;
}

}  // namespace
}  // namespace tensor_service
