// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Buckets are GrowthBook's, namespaces too, and shares come out; units are named as Python names
// them.

#include "experiments/assignment.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "experiments/hash.h"

namespace tensor_service {
namespace {

struct Vector {
  const char* salt;
  const char* unit;
  double point;
};

// the first seven are published: GrowthBook's SDK test cases (specVersion 0.7.1), hash version 2;
// the others are computed by hash(seed, value, 2) of the npm package @growthbook/growthbook 1.8.0
constexpr std::array kGrowthBook{
    Vector{"seed", "a", 0.0505},
    Vector{"seed", "b", 0.2696},
    Vector{"foo", "ab", 0.2575},
    Vector{"foo", "def", 0.2019},
    Vector{"89123klj", "8952klfjas09ujkasdf", 0.124},
    Vector{"90850943850283058242805", "123", 0.7516},
    Vector{"()**(%$##$%#$#", "___)((*\":&", 0.0128},
    Vector{"seed", "用户一", 0.4483},
    Vector{"seed", "牙结石脱落小妙招", 0.0194},
    Vector{"seed", "naïve", 0.1066},
    Vector{"seed", "😀用户", 0.3194},
    Vector{"seed", "", 0.4286},
    Vector{"ernie_vs_rocketqa", "user-42", 0.3634},
    Vector{"ernie_vs_rocketqa", "中西方语言与文化的差异", 0.0383},
    Vector{"实验", "123", 0.1248},
    Vector{"实验", "用户一", 0.2138},
    Vector{"实验", "😀用户", 0.8416},
    Vector{"", "a", 0.0216},
};

TEST(Assignment, ABucketIsGrowthBooks) {
  for (const Vector& vector : kGrowthBook) {
    EXPECT_EQ(static_cast<double>(bucket_of(vector.unit, vector.salt)) / kBuckets, vector.point)
        << vector.salt << " " << vector.unit;
  }
}

TEST(Assignment, FnvIsThePublishedOne) {
  EXPECT_EQ(fnv1a32(""), 0x811C9DC5U);
  EXPECT_EQ(fnv1a32("a"), 0xE40C292CU);
  EXPECT_EQ(fnv1a32("foobar"), 0xBF9CF968U);
}

// inNamespace(unit, ["ranking", 0, 0.5]) of the same package
TEST(Assignment, ANamespaceHoldsWhomGrowthBooksHolds) {
  const Namespace first{"ranking", 0.0, 0.5};
  const Namespace second{"ranking", 0.5, 1.0};
  for (const char* unit : {"a", "123", "牙结石脱落小妙招", "中西方语言与文化的差异", "😀用户"}) {
    EXPECT_TRUE(first.holds(unit) && !second.holds(unit)) << unit;
  }
  for (const char* unit : {"user-42", "用户一"}) {
    EXPECT_TRUE(!first.holds(unit) && second.holds(unit)) << unit;
  }
}

TEST(Assignment, ALoneSurrogateHasABucketToo) {
  EXPECT_LT(bucket_of("\xED\xA0\x80", ""), kBuckets);
}

// digests of hashlib.blake2b
TEST(Assignment, UnitsAreNamedAsInPython) {
  EXPECT_EQ(unit_of("session", "user", "query"), "session");
  EXPECT_EQ(unit_of("", "user", "query"), "user");
  EXPECT_EQ(unit_of("", "", "query"), "query");
  std::string query;
  for (int i = 0; i < 256; ++i) {
    query += "问";
  }
  EXPECT_EQ(unit_of("", "", query), query);
  EXPECT_EQ(unit_of("", "", query + "问"), "ca8379f0a6a9b09796583fc21a1987d3");
  EXPECT_EQ(logged_unit("牙结石脱落小妙招", true), "query:7bba9328d8f0bf27ee1a4098");
  EXPECT_EQ(logged_unit("", true), "query:b8e1dda3ac0aa3820ad2990b");
  EXPECT_EQ(logged_unit("用户一", false), "用户一");
}

TEST(Assignment, EachVariantGetsItsShare) {
  const std::vector<double> weights{1.0, 2.0, 7.0};
  const Assignment assignment(weights, "a", 1.0);
  constexpr int kUnits = 100'000;
  std::array<int, 3> counts{};
  for (int i = 0; i < kUnits; ++i) {
    const auto variant = assignment.variant_of("user" + std::to_string(i));
    ASSERT_TRUE(variant);
    ++counts[*variant];
  }
  for (std::size_t i = 0; i < weights.size(); ++i) {
    EXPECT_NEAR(counts[i] / static_cast<double>(kUnits), weights[i] / 10.0, 0.01);
    EXPECT_EQ(assignment.shares()[i], weights[i] / 10.0);
  }
}

TEST(Assignment, RaisingTheCoverageMovesNoUnit) {
  const std::vector<double> weights{0.1, 0.2, 0.7};
  const Assignment narrow(weights, "s", 0.3);
  const Assignment wide(weights, "s", 0.6);
  int in = 0;
  for (int i = 0; i < 5000; ++i) {
    const std::string unit = "用户" + std::to_string(i);
    if (const auto variant = narrow.variant_of(unit)) {
      ++in;
      EXPECT_EQ(wide.variant_of(unit), variant);
    }
  }
  EXPECT_NEAR(in / 5000.0, 0.3, 0.04);
}

TEST(Assignment, AWeightOfZeroGetsNothing) {
  const Assignment assignment({0.0, 1.0}, "s", 1.0);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(assignment.variant_of("user" + std::to_string(i)), 1U);
  }
}

TEST(Assignment, AHoldoutGrows) {
  const Holdout small{"2026", 0.05};
  const Holdout large{"2026", 0.10};
  int held = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string unit = "user" + std::to_string(i);
    held += small.holds(unit) ? 1 : 0;
    EXPECT_TRUE(large.holds(unit) || !small.holds(unit));
  }
  EXPECT_NEAR(held / 20'000.0, 0.05, 0.005);
}

// sum() of Python 3.12
TEST(Assignment, SumsAsPythonDoes) {
  EXPECT_EQ(python_sum({0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0}), 5.5);
  EXPECT_EQ(python_sum({1e16, 1.0, 1.0, -1e16}), 2.0);
  EXPECT_EQ(python_sum({}), 0.0);
}

}  // namespace
}  // namespace tensor_service
