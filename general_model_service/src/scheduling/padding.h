// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Which rows may share a batch, and to what length they are padded. Called by the scheduler.

#pragma once

#include <cstddef>
#include <cstdint>

#include "scheduling/job.h"

namespace tensor_service {

// The length a batch is padded to, when its longest row has this one.
std::int64_t rounded_length(const Model& model, std::int64_t length);

// Whether two rows have the same length in every input.
bool same_lengths(const Job& a, std::size_t row_a, const Job& b, std::size_t row_b);

// Whether a row of this length may be padded to that one: at most a quarter of it may be padding,
// or two steps.
bool worth_padding(std::int64_t length, std::int64_t to);

}  // namespace tensor_service
