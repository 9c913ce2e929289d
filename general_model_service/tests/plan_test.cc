// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Experiments as configured: what they decide, and settings that cannot be, named by path in the
// Pipeline's words.

#include "experiments/plan.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "experiments/describe.h"
#include "experiments/router.h"
#include "settings/config_error.h"
#include "settings/key_table.h"

namespace tensor_service {
namespace {

const Served kServed{{"pairwise", {"p1", "p2"}}, {"cross_encoder", {"c1"}}};
const Target kPairwise{"pairwise", "p1"};
const Target kCross{"cross_encoder", "c1"};
constexpr double kNow = 1.8e9;

// Two variants of one experiment, and further fields of it.
std::string two(const std::string& more = "") {
  return R"({"name": "ab", "variants": [{"name": "a", "ranker": "pairwise"},
             {"name": "b", "ranker": "cross_encoder"}])" +
         (more.empty() ? "" : ", " + more) + "}";
}

Plan plan_of(const std::string& experiments, const std::string& holdout = "{}") {
  const JsonNode file =
      read_json("{\"experiments\": [" + experiments + "], \"holdout\": " + holdout + "}");
  check_section(file, service_keys());
  return make_plan(read_experiments(file.find("experiments")), read_holdout(file.find("holdout")),
                   kServed);
}

Route route(const Plan& plan, std::string_view unit, std::string_view only = "") {
  return route_of(plan, {unit, "", "感冒"}, only, kNow);
}

std::string refusal(const std::string& experiments, const std::string& holdout = "{}") {
  try {
    plan_of(experiments, holdout);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "taken";
}

TEST(Plan, WithoutExperimentsTheDefaultAnswers) {
  const Plan plan = make_plan(read_experiments(nullptr), read_holdout(nullptr), kServed);
  const Route made = route(plan, "u");
  EXPECT_EQ(made.targets, std::vector{kPairwise});
  EXPECT_EQ(made.experiment, "");
}

TEST(Plan, ASplitDealsAndSticks) {
  const Plan plan = plan_of(two(R"("fallback": "pairwise")"));
  int first = 0;
  for (int i = 0; i < 400; ++i) {
    const std::string unit = "user" + std::to_string(i);
    const Route made = route(plan, unit);
    ASSERT_EQ(made.targets.size(), 1U);
    EXPECT_EQ(made.targets[0], made.variant == "a" ? kPairwise : kCross);
    EXPECT_EQ(route(plan, unit).variant, made.variant);
    EXPECT_EQ(made.reason, "bucket");
    EXPECT_EQ(made.unit, unit);
    EXPECT_EQ(made.assigned, made.targets[0]);
    EXPECT_EQ(made.fallback, kPairwise);
    EXPECT_EQ(made.can_fall_back(), made.variant == "b");
    first += made.variant == "a" ? 1 : 0;
  }
  EXPECT_NEAR(first / 400.0, 0.5, 0.1);
}

TEST(Plan, AQueryIsTheUnitOfWhoNamesNone) {
  const Plan plan = plan_of(two());
  const Route made = route_of(plan, {"", "", "感冒"}, "", kNow);
  EXPECT_TRUE(made.unit.starts_with("query:"));
  EXPECT_EQ(made.unit.find("感冒"), std::string::npos);
  EXPECT_EQ(route_of(plan, {"", "王", "感冒"}, "", kNow).unit, "王");
}

TEST(Plan, TwoBundlesOfOneRanker) {
  const Plan plan = plan_of(
      R"({"name": "v", "allow_list": {"me": "new"}, "variants": [
          {"name": "new", "ranker": "pairwise", "bundle": "p2", "weight": 0},
          {"name": "old", "ranker": "pairwise"}]})");
  EXPECT_EQ(route(plan, "me").targets[0], (Target{"pairwise", "p2"}));
  EXPECT_EQ(route(plan, "me").reason, "allow_list");
  EXPECT_EQ(route(plan, "user1").targets[0], kPairwise);
}

TEST(Plan, AShadowAnswersWithItsFirstVariant) {
  const Route made = route(plan_of(two(R"("mode": "shadow")")), "u");
  EXPECT_EQ(made.targets, std::vector{kPairwise});
  EXPECT_EQ(made.variant, "a");
  EXPECT_EQ(made.shadow, kCross);
  EXPECT_EQ(made.shadow_variant, "b");
}

TEST(Plan, InterleavingAsksBoth) {
  const Route made = route(plan_of(two(R"("mode": "interleave", "fallback": "pairwise")")), "u");
  EXPECT_EQ(made.targets, (std::vector{kPairwise, kCross}));
  EXPECT_EQ(made.variant, "interleaved");
  EXPECT_EQ(made.teams, (std::vector<std::string>{"a", "b"}));
  EXPECT_FALSE(made.can_fall_back());
}

TEST(Plan, AFallbackHasNoShadowAndNoTeams) {
  const Route made =
      route(plan_of(two(R"("mode": "shadow", "fallback": "cross_encoder")")), "u").fallen_back();
  EXPECT_EQ(made.targets, std::vector{kCross});
  EXPECT_EQ(made.assigned, kPairwise);
  EXPECT_FALSE(made.shadow || made.can_fall_back());
}

TEST(Plan, AnExperimentRunsWithinItsBounds) {
  const std::map<std::string, bool> cases{
      {R"("start": "2026-01-01T00:00:00Z")", true},
      {R"("start": "2999-01-01")", false},
      {R"("end": "2020-01-01")", false},
      {R"("end": "2999-01-01T00:00:00+08:00")", true},
      {R"("coverage": 0)", false},
  };
  for (const auto& [keys, runs] : cases) {
    EXPECT_EQ(!route(plan_of(two(keys)), "u").experiment.empty(), runs) << keys;
  }
}

TEST(Plan, TheFirstInTheFileTakesAUnitAndOneNamedAlone) {
  std::string other = two();
  other.replace(other.find("\"ab\""), 4, "\"other\"");
  const Plan plan = plan_of(two() + "," + other);
  EXPECT_EQ(route(plan, "u").experiment, "ab");
  EXPECT_EQ(route(plan, "u", "other").experiment, "other");
  EXPECT_EQ(route(plan, "u", "none").experiment, "");
}

TEST(Plan, AHoldoutTakesPartInNothingButLists) {
  const Plan plan = plan_of(two(R"("allow_list": {"me": "b"})"), R"({"salt": "h", "share": 1})");
  EXPECT_EQ(route(plan, "me").variant, "b");
  EXPECT_EQ(route(plan, "user1").experiment, "");
  EXPECT_NE(assignment_json(plan, {"user1", "", ""}, "", kNow).find("\"held_out\":true"),
            std::string::npos);
}

TEST(Plan, IsDescribed) {
  const Plan plan = plan_of(two(
      R"("mode": "shadow", "coverage": 0.5, "end": "2026-11-24 08:00", "allow_list": {"me": "a"},
         "fallback": "pairwise")"));
  EXPECT_EQ(experiment_json(plan.experiments[0], 1.7e9),
            R"({"name":"ab","mode":"shadow","state":"running","coverage":0.5,"start":null,)"
            R"("end":1795507200.0,"namespace":null,"variants":[{"variant":"a",)"
            R"("ranker":"pairwise","bundle":"p1","share":0.5,"shadow":false},{"variant":"b",)"
            R"("ranker":"cross_encoder","bundle":"c1","share":0.5,"shadow":true}]})");
  EXPECT_EQ(assignment_json(plan, {"me", "", ""}, "", 1.7e9),
            R"({"unit":"me","experiment":"ab","mode":"shadow","variant":"a",)"
            R"("reason":"allow_list","answers":[{"variant":"a","ranker":"pairwise",)"
            R"("bundle":"p1"}],"shadow":{"variant":"b","ranker":"cross_encoder","bundle":"c1"},)"
            R"("fallback":"pairwise","held_out":false})");
  EXPECT_NE(experiment_json(plan.experiments[0], kNow).find("\"ended\""), std::string::npos);
}

// The words are those of pipeline/routing/plan.py and pipeline/settings/key_types.py.
TEST(Plan, WhatCannotBeIsNamed) {
  const std::string a = R"({"name": "a", "ranker": "pairwise"})";
  const std::string same = R"({"name": "c", "ranker": "pairwise"})";
  const auto with = [](const std::string& variants, const std::string& more = "") {
    return R"({"name": "x", "variants": [)" + variants + "]" + (more.empty() ? "" : ", " + more) +
           "}";
  };
  const std::map<std::string, std::string> cases{
      {R"({"variants": []})",
       "experiments[0].name: must be 1 to 64 letters, digits, '_', '.', ':' or '-', got ''"},
      {R"({"name": "a b", "variants": []})",
       "experiments[0].name: must be 1 to 64 letters, digits, '_', '.', ':' or '-', got 'a b'"},
      {R"({"name": "x"})", "experiments[0].variants: must hold at least one variant"},
      {with(a, R"("mode": "shadow")"),
       "experiments[0].variants: must hold two variants for mode shadow, got 1"},
      {with(a + "," + same, R"("mode": "shadow")"),
       "experiments[0].variants: both are the same bundle of the same ranker"},
      {with(a, R"("mode": "both")"),
       "experiments[0].mode: must be one of split, shadow, interleave, got 'both'"},
      {with(a + "," + a), "experiments[0].variants[0].name: a stands twice; give each its own"},
      {with(R"({"name": "interleaved", "ranker": "pairwise"})"),
       "experiments[0].variants[0].name: interleaved stands twice; give each its own"},
      {with(R"({"name": "a"})"),
       "experiments[0].variants[0].ranker: missing; name one of pairwise, cross_encoder"},
      {with(R"({"name": "a", "ranker": "pairwise", "bundle": "p9"})"),
       "experiments[0].variants[0].bundle: pairwise has no bundle p9, only p1, p2; name its "
       "directory in the op's more_bundles and restart"},
      {with(R"({"name": "a", "ranker": "pairwise", "weight": 0})"),
       "experiments[0].variants: all weights are 0"},
      {with(R"({"name": "a", "ranker": "pairwise", "weight": -1})"),
       "experiments[0].variants[0].weight: must be a number from 0 to 1000000.0, got -1"},
      {with(R"({"name": "a", "ranker": "pairwise", "weight": true})"),
       "experiments[0].variants[0].weight: must be a number from 0 to 1000000.0, got True"},
      {two(R"("coverage": 1.5)"), "experiments[0].coverage: must be a number from 0 to 1, got 1.5"},
      {two(R"("start": "2026-02-02", "end": "2026-02-02")"),
       "experiments[0].end: must be after start"},
      {two(R"("start": "soon")"),
       "experiments[0].start: must be a date and time like 2026-11-24T08:00:00Z, got 'soon'"},
      {two(R"("start": 20260202)"),
       "experiments[0].start: must be a date and time like 2026-11-24T08:00:00Z, got 20260202"},
      {two(R"("namespace": {"start": 0.5})"),
       "experiments[0].namespace.name: missing; experiments of one namespace share no unit"},
      {two(R"("namespace": {"name": "n", "start": 0.5, "end": 0.5})"),
       "experiments[0].namespace.end: must be above start"},
      {two(R"("allow_list": {"u": "z"})"),
       "experiments[0].allow_list.u: z is no variant; known are a, b"},
      {two(R"("allow_list": {"u": 7})"),
       "experiments[0].allow_list.u: must be text, got 7; put it in quotes"},
      {two(R"("fallback": "bm25")"),
       "experiments[0].fallback: must be one of pairwise, cross_encoder, cascade, got 'bm25'"},
      {two(R"("salz": "x")"), "experiments[0].salz: unknown key; did you mean salt?"},
      {two(R"("zzz": "x")"),
       "experiments[0].zzz: unknown key; known are name, salt, mode, variants, coverage, start, "
       "end, namespace, allow_list, fallback"},
      {R"({"salz": 1, "name": 2})", "experiments[0].salz: unknown key; did you mean salt?"},
      {R"({"name": 2, "salz": 1})", "experiments[0].name: must be text, got 2; put it in quotes"},
      {R"("x")", "experiments[0]: must hold keys and values"},
      {R"({"name": "x", "variants": {}})", "experiments[0].variants: must be a list"},
      {two() + "," + two(), "experiments[0].name: ab stands twice; give each its own"},
  };
  for (const auto& [experiments, message] : cases) {
    EXPECT_EQ(refusal(experiments), message) << experiments;
  }
  EXPECT_EQ(refusal(two(), R"({"salt": "ab", "share": 0.1})"),
            "experiments[0].salt: is that of the hold-out, which would take whole variants; name "
            "another");
  EXPECT_EQ(refusal(two(), R"({"salt": "ab", "share": 0})"), "taken");
  EXPECT_EQ(refusal(two(), R"({"share": 2})"),
            "holdout.share: must be a number from 0 to 1, got 2");
}

TEST(Plan, ARankerThatIsNotServed) {
  const JsonNode tree = read_json("[" + two() + "]");
  const Served one{{"pairwise", {"p1"}}};
  try {
    make_plan(read_experiments(&tree), {}, one);
    FAIL() << "taken";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(
        error.what(),
        "experiments[0].variants[1].ranker: cross_encoder is not served; served: pairwise");
  }
}

}  // namespace
}  // namespace tensor_service
