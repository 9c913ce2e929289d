// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Lines are those that contract.experiments.records.to_line writes, byte for byte.

#include "records/record.h"

#include <gtest/gtest.h>

namespace tensor_service {
namespace {

Exposure exposure() {
  Exposure record;
  record.time = 1'700'000'000.1256;
  record.request_id = "r1";
  record.experiment = "e";
  record.mode = "split";
  record.variant = "a";
  record.reason = "bucket";
  record.unit = "用户\"一";
  record.assigned_ranker = record.served_ranker = "pairwise";
  record.assigned_bundle = record.served_bundle = "1a";
  record.documents = 3;
  record.order = {2, 0, 1};
  record.scores = {0.87512345678, 0.5, 1e-9};
  record.latency_ms = 12.5;
  record.queue_ms = 1.0005;
  record.compute_ms = 8.0;
  return record;
}

TEST(Record, AnExposure) {
  EXPECT_EQ(
      line_of(exposure()),
      R"line({"kind":"exposure","time":1700000000.126,"request_id":"r1","experiment":"e","mode":"split","variant":"a","reason":"bucket","unit":"用户\"一","assigned_ranker":"pairwise","assigned_bundle":"1a","served_ranker":"pairwise","served_bundle":"1a","err_no":0,"documents":3,"order":[2,0,1],"scores":[0.8751235,0.5,0.0],"teams":[],"latency_ms":12.5,"queue_ms":1.0,"compute_ms":8.0})line"
      "\n");
}

TEST(Record, TextsAndTeamsWhereTheyAreKept) {
  Exposure record = exposure();
  record.teams = {"b", "a", "b"};
  record.query = "感冒";
  record.titles = {"药", "", "\x7f\t"};
  EXPECT_EQ(
      line_of(record),
      R"line({"kind":"exposure","time":1700000000.126,"request_id":"r1","experiment":"e","mode":"split","variant":"a","reason":"bucket","unit":"用户\"一","assigned_ranker":"pairwise","assigned_bundle":"1a","served_ranker":"pairwise","served_bundle":"1a","err_no":0,"documents":3,"order":[2,0,1],"scores":[0.8751235,0.5,0.0],"teams":["b","a","b"],"latency_ms":12.5,"queue_ms":1.0,"compute_ms":8.0,"query":"感冒","titles":["药","","\t"]})line"
      "\n");
}

TEST(Record, AShadowComparison) {
  const ShadowComparison record{2.0, "r", "e",        "a", "b",  "p",   "1", "c",    "2",
                                0,   9,   -1.0 / 3.0, 1,   0.25, 1e-17, 0.1, 3.14159};
  EXPECT_EQ(
      line_of(record),
      R"line({"kind":"shadow","time":2.0,"request_id":"r","experiment":"e","variant":"a","shadow_variant":"b","ranker":"p","bundle":"1","shadow_ranker":"c","shadow_bundle":"2","err_no":0,"documents":9,"kendall_tau":-0.3333333333333333,"top1_same":1,"top10_overlap":0.25,"score_difference":1e-17,"score_distance":0.1,"shadow_ms":3.142})line"
      "\n");
}

TEST(Record, Feedback) {
  const tensor_service::Feedback record{3.0, "r", {4, 0}, {{1, 3.0}, {2, 0.5}}};
  EXPECT_EQ(
      line_of(record),
      R"line({"kind":"feedback","time":3.0,"request_id":"r","clicks":[4,0],"grades":[[1,3.0],[2,0.5]]})line"
      "\n");
}

// round() of Python
TEST(Record, NumbersAreRoundedAsInPython) {
  EXPECT_EQ(python_round(0.0005, 3), 0.001);
  EXPECT_EQ(python_round(2.6755, 3), 2.675);
  EXPECT_EQ(python_round(1.0005, 3), 1.0);
  EXPECT_EQ(python_round(0.125, 2), 0.12);
  EXPECT_EQ(python_round(1e300, 3), 1e300);
}

TEST(Record, MemoryGrowsWithWhatIsKept) {
  Exposure large = exposure();
  large.titles.assign(100, std::string(1000, 'a'));
  EXPECT_GT(memory_of(large), memory_of(exposure()) + 100'000);
}

}  // namespace
}  // namespace tensor_service
