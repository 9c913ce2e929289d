// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The elements of a caller's tensor in, the first that its input cannot take out. Called by job.cc
// for each tensor, so it reads the elements where they are, several at once.

#pragma once

#include <cstdint>
#include <optional>

#include "model/model.h"

namespace tensor_service {

struct WrongValue {
  std::size_t place = 0;  // of the element in the tensor
  std::int64_t value = 0;
  std::int64_t low = 0;  // what it may be
  std::int64_t high = 0;
};

// Values outside the input's bounds; without bounds, those that the engine, which computes with 32
// bits, would cut.
std::optional<WrongValue> find_wrong_value(const Tensor& tensor, const ValueBounds& bounds);

// True when the row has nothing but that value.
bool is_all(const char* row, std::int64_t length, ElemType type, std::int64_t value);

}  // namespace tensor_service
