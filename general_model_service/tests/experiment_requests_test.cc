// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Looks at experiments: fields of a URL as Python reads them, answers, and refusals in the
// Pipeline's words. That answers are those of the Pipeline is for test_experiments.py to say.

#include "ranking/experiment_requests.h"

#include <gtest/gtest.h>

#include <map>

namespace tensor_service {
namespace {

Plan plan() {
  const JsonNode tree = read_json(
      R"([{"name": "ab", "variants": [{"name": "a", "ranker": "pairwise"}],
           "allow_list": {"me": "a"}}])");
  return make_plan(read_experiments(&tree), {}, {{"pairwise", {"p1"}}});
}

template <class Ask>
std::string refusal(Ask ask) {
  try {
    return ask();
  } catch (const RankingError& error) {
    return problem_json(error);
  }
}

std::string refused(std::string_view code, std::string_view message, std::string_view field) {
  return "{\"error\":{\"code\":\"" + std::string(code) + "\",\"message\":\"" +
         std::string(message) + "\",\"field\":\"" + std::string(field) + "\"}}";
}

// urllib.parse.parse_qsl(query, keep_blank_values=True)
TEST(ExperimentRequests, AQueryIsReadAsPythonReadsIt) {
  const std::map<std::string, std::string> cases{
      {"", ""},
      {"a=b", "a:b;"},
      {"a=b&c=d", "a:b;c:d;"},
      {"a", "a:;"},
      {"a=", "a:;"},
      {"=b", ":b;"},
      {"&&a=b&", "a:b;"},
      {"a=b=c", "a:b=c;"},
      {"a=1&a=2", "a:2;"},
      {"a=b+c%2B", "a:b c+;"},
      {"a=%E7%94%A8", "a:用;"},
      {"a=%e7%94", "a:\xEF\xBF\xBD;"},
      {"a=%E7%41",
       "a:\xEF\xBF\xBD"
       "A;"},
      {"a=%FF%FE", "a:\xEF\xBF\xBD\xEF\xBF\xBD;"},
      {"a=%C0%80", "a:\xEF\xBF\xBD\xEF\xBF\xBD;"},
      {"a=%F0%9F%98%80%F0%9F%98", "a:😀\xEF\xBF\xBD;"},
      {"a=%zz%4", "a:%zz%4;"},
      {"a=\xE9%41", "a:éA;"},
  };
  for (const auto& [query, expected] : cases) {
    std::string fields;
    for (const JsonNode& member : fields_of_query(query).items) {
      fields += member.key + ":" + member.text + ";";
    }
    EXPECT_EQ(fields, expected) << query;
  }
}

TEST(ExperimentRequests, AssignmentsAreTold) {
  const auto ask = [](const char* fields) {
    return refusal([&] { return answer_assignment(read_json(fields), plan(), {}, 1.0); });
  };
  EXPECT_TRUE(ask(R"({"unit_id": "me"})").starts_with(R"({"unit":"me","experiment":"ab",)"));
  EXPECT_TRUE(ask(R"({"unit_id": "me", "experiment": "ab"})").find("allow_list") !=
              std::string::npos);
  EXPECT_EQ(ask("{}"),
            refused("invalid_field", "missing; name a unit_id, a user_id or a query", "unit_id"));
  EXPECT_EQ(ask(R"({"unit_id": 0, "query": ""})"),
            refused("invalid_field", "missing; name a unit_id, a user_id or a query", "unit_id"));
  EXPECT_EQ(ask(R"({"unit_id": 7})"),
            refused("invalid_field", "must be a string, got int", "unit_id"));
  EXPECT_EQ(
      ask(R"({"unit": "me"})"),
      refused("invalid_field", "unknown; known are unit_id, user_id, query, experiment", "unit"));
  EXPECT_EQ(ask(R"({"unit_id": "me", "experiment": "x"})"),
            refused("invalid_field", "no experiment 'x'; there are: ab", "experiment"));
}

TEST(ExperimentRequests, OrdersAreDrafted) {
  const auto ask = [](const char* fields) {
    return refusal([&] { return answer_interleave(read_json(fields), {}); });
  };
  EXPECT_EQ(ask(R"({"orders": [[0], [0]]})").substr(0, 21), R"({"order":[0],"pickers)");
  EXPECT_EQ(ask(R"({"orders": [[1, 0], [1, 0]], "seed": "s"})").substr(0, 14), R"({"order":[1,0])");
  const auto wrong = [&](const char* fields, const char* message, const char* field) {
    EXPECT_EQ(ask(fields), refused("invalid_field", message, field)) << fields;
  };
  wrong("{}", "must be two lists of document numbers, best first", "orders");
  wrong(R"({"orders": [[0]]})", "must be two lists of document numbers, best first", "orders");
  wrong(R"({"orders": [[0], []]})", "must be a list of 1 to 1000 numbers", "orders[1]");
  wrong(R"({"orders": [[0, 0], [0, 1]]})", "must hold each number from 0 on once", "orders[0]");
  wrong(R"({"orders": [[0], [true]]})", "must hold each number from 0 on once", "orders[1]");
  wrong(R"({"orders": [[0], [99999999999999999999]]})", "must hold each number from 0 on once",
        "orders[1]");
  wrong(R"({"orders": [[0, 1], [0]]})", "must hold as many documents as orders[0], 2, got 1",
        "orders[1]");
  wrong(R"({"orders": [[0], [0]], "seed": 1})", "must be a string, got int", "seed");
  wrong(R"({"order": 1})", "unknown; known are orders, seed", "order");
}

TEST(ExperimentRequests, ALargeBodyIsRefused) {
  EXPECT_EQ(refusal([] { return experiment_fields("{}  ", 3).key; }),
            refused("too_large", "more than 3 bytes", "body"));
  EXPECT_EQ(experiment_fields("{}", 3).items.size(), 0U);
}

}  // namespace
}  // namespace tensor_service
