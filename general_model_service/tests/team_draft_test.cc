// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A drafted list is Python's for its seed, holds every document once, and each pick is the best
// that its order has left.

#include "experiments/team_draft.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <random>
#include <string>

#include "experiments/python_coin.h"

namespace tensor_service {
namespace {

using Order = std::vector<std::size_t>;

std::string flips(std::string_view seed, int count) {
  PythonCoin coin(seed);
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += coin.flip() == 1 ? '1' : '0';
  }
  return text;
}

Order shuffled(std::size_t size, std::mt19937& random) {
  Order order(size);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::shuffle(order.begin(), order.end(), random);
  return order;
}

// random.Random(seed).getrandbits(1) of Python
TEST(TeamDraft, TheCoinIsPythons) {
  EXPECT_EQ(flips("", 40), "1010011101011011100100000101001001100001");
  EXPECT_EQ(flips("ab/r-1", 40), "1111110010010011000011101001010000011010");
  EXPECT_EQ(flips("实验/用户一 😀", 40), "1110010111111111111001100111110110011111");
  EXPECT_EQ(flips(std::string("\0\0x", 3), 40), "0001111011000000110001011100001011101100");
  std::string longest;
  for (int i = 0; i < 1024; ++i) {
    longest += "问";
  }
  EXPECT_EQ(flips(longest, 40), "1000111101010100000111101011101001100011");
}

// past 624 numbers the state of the generator is made anew
TEST(TeamDraft, TheCoinStaysPythons) {
  EXPECT_EQ(flips("ab/r-1", 2000).substr(1940),
            "000010100110110011000000101110011110101100011101011010111001");
}

// contract.experiments.interleaving.team_draft
TEST(TeamDraft, IsPythons) {
  const TeamDraft draft = team_draft({0, 1, 2, 3, 4, 5, 6, 7}, {7, 6, 5, 4, 3, 2, 1, 0}, "ab/r-1");
  EXPECT_EQ(draft.order, (Order{7, 0, 6, 1, 5, 2, 4, 3}));
  EXPECT_EQ(draft.pickers, (Order{1, 0, 1, 0, 1, 0, 1, 0}));
}

TEST(TeamDraft, EachPickIsTheBestLeft) {
  std::mt19937 random(2);
  for (std::size_t size = 1; size < 60; ++size) {
    const std::vector<Order> orders{shuffled(size, random), shuffled(size, random)};
    const TeamDraft draft = team_draft(orders[0], orders[1], std::to_string(size));
    ASSERT_EQ(draft.order.size(), size);
    for (std::size_t place = 0; place < size; ++place) {
      const Order& order = orders[draft.pickers[place]];
      const auto left = std::find_if(order.begin(), order.end(), [&](std::size_t document) {
        const auto end = draft.order.begin() + static_cast<std::ptrdiff_t>(place);
        return std::find(draft.order.begin(), end, document) == end;
      });
      EXPECT_EQ(draft.order[place], *left);
    }
    const auto second = std::count(draft.pickers.begin(), draft.pickers.end(), 1U);
    EXPECT_LE(std::abs(static_cast<std::ptrdiff_t>(size) - 2 * second), 1);
  }
}

}  // namespace
}  // namespace tensor_service
