// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "scheduling/value_check.h"

#include <cstring>
#include <limits>

namespace tensor_service {
namespace {

template <class T>
std::int64_t value_at(const char* data, std::size_t place) {
  T value;
  std::memcpy(&value, data + place * sizeof(T), sizeof(T));
  return static_cast<std::int64_t>(value);
}

// 0 in the highest bit when low <= value <= low + span. The difference wraps for what is below.
std::uint64_t outside(std::int64_t value, std::uint64_t low, std::uint64_t span) {
  const std::uint64_t above = static_cast<std::uint64_t>(value) - low;
  return above | (span - above);
}

template <class T>
std::optional<WrongValue> find_wrong(const Tensor& tensor, std::int64_t low, std::int64_t high) {
  constexpr std::uint64_t kHighest = std::uint64_t{1} << 63U;
  const auto from = static_cast<std::uint64_t>(low);
  const std::uint64_t span = static_cast<std::uint64_t>(high) - from;
  const std::size_t count = tensor.data.size() / sizeof(T);
  const char* const data = tensor.data.data();
  std::uint64_t any = 0;
  for (std::size_t i = 0; i < count; ++i) {  // without a branch: the compiler takes several at once
    any |= outside(value_at<T>(data, i), from, span);
  }
  for (std::size_t i = 0; (any & kHighest) != 0 && i < count; ++i) {
    const std::int64_t value = value_at<T>(data, i);
    if ((outside(value, from, span) & kHighest) != 0) {
      return WrongValue{i, value, low, high};
    }
  }
  return std::nullopt;
}

template <class T>
bool all_are(const char* row, std::int64_t length, std::int64_t value) {
  for (std::int64_t i = 0; i < length; ++i) {
    if (value_at<T>(row, static_cast<std::size_t>(i)) != value) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::optional<WrongValue> find_wrong_value(const Tensor& tensor, const ValueBounds& bounds) {
  using Narrow = std::numeric_limits<std::int32_t>;
  const std::int64_t low = bounds.size ? 0 : Narrow::min();
  const std::int64_t high = bounds.size ? *bounds.size - 1 : Narrow::max();
  switch (tensor.type) {
    case ElemType::kInt64:
      return find_wrong<std::int64_t>(tensor, low, high);
    case ElemType::kInt32:
      return find_wrong<std::int32_t>(tensor, low, high);
    case ElemType::kInt16:
      return find_wrong<std::int16_t>(tensor, low, high);
    case ElemType::kUint8:
      return find_wrong<std::uint8_t>(tensor, low, high);
    case ElemType::kInt8:
      return find_wrong<std::int8_t>(tensor, low, high);
    default:
      return std::nullopt;
  }
}

bool is_all(const char* row, std::int64_t length, ElemType type, std::int64_t value) {
  switch (type) {
    case ElemType::kInt64:
      return all_are<std::int64_t>(row, length, value);
    case ElemType::kInt32:
      return all_are<std::int32_t>(row, length, value);
    default:
      return false;
  }
}

}  // namespace tensor_service
