// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Rounding to the 16-bit formats, against the values that IEEE 754 gives.

#include "tensor/half.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

namespace tensor_service {
namespace {

// What the bits of a binary16 mean, by the definition of the format.
double fp16_value(std::uint16_t bits) {
  const int exponent = bits >> 10U & 0x1F;
  const int mantissa = bits & 0x3FF;
  const double magnitude =
      exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

TEST(Half, EveryFiniteFp16Returns) {
  for (unsigned bits = 0; bits < 0x7C00; ++bits) {
    for (const unsigned sign : {0U, 0x8000U}) {
      const auto half = static_cast<std::uint16_t>(bits | sign);
      ASSERT_EQ(fp16_bits(static_cast<float>(fp16_value(half))), half);
    }
  }
}

TEST(Half, BetweenTwoFp16GoesToTheNearestAndTiesToEven) {
  for (unsigned bits = 0; bits + 1 < 0x7C00; ++bits) {
    const auto low = static_cast<float>(fp16_value(static_cast<std::uint16_t>(bits)));
    const auto high = static_cast<float>(fp16_value(static_cast<std::uint16_t>(bits + 1)));
    const float middle = low + (high - low) / 2;  // exact: a float has 13 bits to spare
    ASSERT_EQ(fp16_bits(middle), bits + (bits & 1U));
    ASSERT_EQ(fp16_bits(std::nextafter(middle, low)), bits);
    ASSERT_EQ(fp16_bits(std::nextafter(middle, high)), bits + 1);
  }
}

TEST(Half, EndsOfFp16) {
  EXPECT_EQ(fp16_bits(65504), 0x7BFF);
  EXPECT_EQ(fp16_bits(65519), 0x7BFF);
  EXPECT_EQ(fp16_bits(65520), 0x7C00);
  EXPECT_EQ(fp16_bits(-1e30F), 0xFC00);
  EXPECT_EQ(fp16_bits(std::numeric_limits<float>::infinity()), 0x7C00);
  EXPECT_EQ(fp16_bits(std::ldexp(1.0F, -25)), 0);
  EXPECT_EQ(fp16_bits(std::numeric_limits<float>::denorm_min()), 0);
  const std::uint16_t nan = fp16_bits(std::numeric_limits<float>::quiet_NaN());
  EXPECT_EQ(nan & 0x7C00, 0x7C00);
  EXPECT_NE(nan & 0x3FF, 0);
}

TEST(Half, Bf16IsTheUpperHalfRoundedToEven) {
  EXPECT_EQ(bf16_bits(std::bit_cast<float>(0x3F800000U)), 0x3F80);
  EXPECT_EQ(bf16_bits(std::bit_cast<float>(0x3F808000U)), 0x3F80);  // tie, even
  EXPECT_EQ(bf16_bits(std::bit_cast<float>(0x3F808001U)), 0x3F81);
  EXPECT_EQ(bf16_bits(std::bit_cast<float>(0x3F818000U)), 0x3F82);  // tie, odd
  EXPECT_EQ(bf16_bits(std::bit_cast<float>(0x3F817FFFU)), 0x3F81);
  EXPECT_EQ(bf16_bits(std::bit_cast<float>(0xBF818000U)), 0xBF82);
  EXPECT_EQ(bf16_bits(std::numeric_limits<float>::max()), 0x7F80);
  EXPECT_EQ(bf16_bits(-std::numeric_limits<float>::infinity()), 0xFF80);
  const std::uint16_t nan = bf16_bits(std::bit_cast<float>(0x7F800001U));
  EXPECT_EQ(nan & 0x7F80, 0x7F80);
  EXPECT_NE(nan & 0x7F, 0);
}

}  // namespace
}  // namespace tensor_service
