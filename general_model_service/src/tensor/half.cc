// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// See half.h. Integer arithmetic only: the build assumes no instruction set beyond the baseline.

#include "tensor/half.h"

#include <bit>

namespace tensor_service {
namespace {

constexpr std::uint32_t kMagnitude = 0x7FFFFFFF;
constexpr std::uint32_t kInfinity = 0x7F800000;
constexpr std::uint32_t kImplicitOne = 0x00800000;

// bits without their lowest `count`, 1 to 31, rounded to nearest, ties to even.
std::uint32_t shift_rounded(std::uint32_t bits, unsigned count) {
  const std::uint32_t half = 1U << (count - 1);
  const std::uint32_t odd = (bits >> count) & 1U;
  return (bits + half - 1 + odd) >> count;
}

}  // namespace

std::uint16_t fp16_bits(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (bits & ~kMagnitude) >> 16U;
  const std::uint32_t magnitude = bits & kMagnitude;
  std::uint32_t half = 0;
  if (magnitude > kInfinity) {
    half = 0x7E00;
  } else if (magnitude >= 0x47800000) {  // 65536
    half = 0x7C00;
  } else if (magnitude >= 0x38800000) {  // 2^-14, the smallest normal
    // the exponent's bias goes from 127 to 15; a carry out of the mantissa raises the exponent
    half = shift_rounded(magnitude - ((127U - 15U) << 23U), 13);
  } else if (magnitude >= 0x33000000) {  // 2^-25, half of the smallest subnormal
    const std::uint32_t exponent = magnitude >> 23U;
    half = shift_rounded((magnitude & (kImplicitOne - 1)) | kImplicitOne, 126U - exponent);
  }
  return static_cast<std::uint16_t>(sign | half);
}

std::uint16_t bf16_bits(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (bits & ~kMagnitude) >> 16U;
  const std::uint32_t magnitude = bits & kMagnitude;
  const std::uint32_t half = magnitude > kInfinity ? 0x7FC0 : shift_rounded(magnitude, 16);
  return static_cast<std::uint16_t>(sign | half);
}

}  // namespace tensor_service
