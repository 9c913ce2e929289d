// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Feedback as fields and as keys and values: what is taken, and refusals in the Pipeline's words.

#include "records/feedback_request.h"

#include <gtest/gtest.h>

#include <map>

#include "ranking/ranking_error.h"

namespace tensor_service {
namespace {

std::string told(std::string_view body) {
  try {
    return line_of(read_feedback(body, {}, 1.0, [](std::size_t) {}));
  } catch (const RankingError& error) {
    return std::string(error.facts().code) + " " + error.text();
  }
}

std::string line(const std::string& id, const std::string& clicks, const std::string& grades) {
  return R"({"kind":"feedback","time":1.0,"request_id":")" + id + R"(","clicks":[)" + clicks +
         R"(],"grades":[)" + grades + "]}\n";
}

TEST(FeedbackRequest, IsRead) {
  EXPECT_EQ(told(R"({"request_id": "r", "clicks": [2, 0]})"), line("r", "2,0", ""));
  EXPECT_EQ(told(R"({"request_id": "r", "grades": [[1, 3], [2, 0.5]]})"),
            line("r", "", "[1,3.0],[2,0.5]"));
  EXPECT_EQ(told(R"({"request_id": "r", "clicks": [], "grades": null})"), line("r", "", ""));
  EXPECT_EQ(told(R"({"key": ["request_id", "clicks"], "value": ["r", "[1]"]})"),
            line("r", "1", ""));
  const std::string printed = R"x({"key": ["clicks", "request_id"],
                                   "value": ["[ 0]", "array(['r'], dtype='<U1')"]})x";
  EXPECT_EQ(told(printed), line("r", "0", ""));
}

TEST(FeedbackRequest, WhatIsWrongIsNamed) {
  const std::map<std::string, std::string> cases{
      {"", "malformed_request body: not JSON (Expecting value: line 1 column 1 (char 0))"},
      {"[]", "malformed_request body: must be a JSON object"},
      {R"({"request_id": "r"})", "invalid_field clicks: missing; send clicks, grades or both"},
      {R"({"clicks": [1]})", "invalid_field request_id: missing; the answer names it"},
      {R"({"request_id": "r", "clicks": [1], "click": 1})",
       "invalid_field click: unknown; known are request_id, clicks, grades"},
      {R"({"request_id": "r", "clicks": 1})", "invalid_field clicks: must be a list"},
      {R"({"request_id": "r", "clicks": [true]})",
       "invalid_field clicks[0]: must be a document's index from 0 to 999, got True"},
      {R"({"request_id": "r", "clicks": [0, 1000]})",
       "invalid_field clicks[1]: must be a document's index from 0 to 999, got 1000"},
      {R"({"request_id": "r", "clicks": [-1]})",
       "invalid_field clicks[0]: must be a document's index from 0 to 999, got -1"},
      {R"({"request_id": "r", "grades": [[1]]})",
       "invalid_field grades[0]: must be a pair of a document's index and its grade"},
      {R"({"request_id": "r", "grades": [[1, -1]]})",
       "invalid_field grades[0]: must grade from 0 to 1000000, got -1"},
      {R"({"request_id": "r", "grades": [[1, 1e999]]})",
       "invalid_field grades[0]: must grade from 0 to 1000000, got inf"},
      {R"({"request_id": "r", "grades": [["1", 1]]})",
       "invalid_field grades[0]: must be a document's index from 0 to 999, got '1'"},
      {R"({"key": ["request_id"], "value": []})", "malformed_request value: 1 keys but 0 values"},
      {R"({"key": ["a", "a"], "value": ["1", "2"]})", "malformed_request a: the key stands twice"},
      {R"({"key": ["clicks"], "value": ["1+1"]})",
       "malformed_request clicks: neither JSON nor a Python literal of strings; send JSON"},
  };
  for (const auto& [body, message] : cases) {
    EXPECT_EQ(told(body), message) << body;
  }
  std::string many = R"({"request_id": "r", "clicks": [0)";
  for (int i = 0; i < 1000; ++i) {
    many += ",0";
  }
  EXPECT_EQ(told(many + "]}"), "too_large clicks: 1001 entries, at most 1000 allowed");
}

// Before anything of that size is made.
TEST(FeedbackRequest, WhatItTakesIsToldFirst) {
  std::vector<std::size_t> told;
  const std::string body = R"({"key": ["request_id", "clicks"], "value": ["r", "[1]"]})";
  read_feedback(body, {}, 1.0, [&](std::size_t bytes) { told.push_back(bytes); });
  ASSERT_EQ(told.size(), 2U);
  EXPECT_GT(told[0], body.size());
  const auto refuse = [](std::size_t) { throw CallError(Status::kTooLarge, "no"); };
  EXPECT_THROW(read_feedback("not JSON", {}, 1.0, refuse), CallError);
}

}  // namespace
}  // namespace tensor_service
