// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// What the processor can multiply in hardware. Called by load_model when it picks the precision.

#include <cpuid.h>

#include "engine/engine.h"

namespace tensor_service {
namespace {

struct Registers {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
};

// All 0 for a leaf that the processor does not have.
Registers cpuid(unsigned leaf, unsigned subleaf) {
  Registers out;
  __get_cpuid_count(leaf, subleaf, &out.eax, &out.ebx, &out.ecx, &out.edx);
  return out;
}

// Register sets that the operating system saves when it switches threads (XCR0).
unsigned saved_state() {
  constexpr unsigned kOsXsave = 1U << 27;
  if ((cpuid(1, 0).ecx & kOsXsave) == 0) {
    return 0;
  }
  unsigned low = 0;
  unsigned high = 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

}  // namespace

bool cpu_has_bf16() {
  constexpr unsigned kVectors = 0xe6;    // SSE, AVX, opmask and ZMM
  constexpr unsigned kTiles = 3U << 17;  // AMX configuration and data
  constexpr unsigned kAvx512Bf16 = 1U << 5;
  constexpr unsigned kAmxBf16 = 1U << 22;
  const unsigned saved = saved_state();
  if ((saved & kVectors) != kVectors) {
    return false;
  }
  const bool avx512 = (cpuid(7, 1).eax & kAvx512Bf16) != 0;
  const bool amx = (cpuid(7, 0).edx & kAmxBf16) != 0 && (saved & kTiles) == kTiles;
  return avx512 || amx;
}

}  // namespace tensor_service
