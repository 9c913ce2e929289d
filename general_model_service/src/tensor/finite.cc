// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "tensor/finite.h"

#include <cstdint>
#include <cstring>

namespace tensor_service {
namespace {

// All bits of the exponent are set in NaN and infinity, of each of the four types.
template <class Bits>
bool all_below(std::string_view elements, Bits exponent) {
  bool good = true;
  for (std::size_t at = 0; at + sizeof(Bits) <= elements.size(); at += sizeof(Bits)) {
    Bits bits;
    std::memcpy(&bits, elements.data() + at, sizeof(Bits));
    good &= (bits & exponent) != exponent;
  }
  return good;
}

}  // namespace

bool all_finite(ElemType type, std::string_view elements) {
  switch (type) {
    case ElemType::kFp32:
      return all_below<std::uint32_t>(elements, 0x7F800000U);
    case ElemType::kFp64:
      return all_below<std::uint64_t>(elements, 0x7FF0000000000000U);
    case ElemType::kFp16:
      return all_below<std::uint16_t>(elements, 0x7C00U);
    case ElemType::kBf16:
      return all_below<std::uint16_t>(elements, 0x7F80U);
    default:
      return true;
  }
}

}  // namespace tensor_service
