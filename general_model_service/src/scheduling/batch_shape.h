// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// How large a batch is, and to what shape it is padded, by what tokens have cost so far. Called by
// the scheduler.

#pragma once

#include <chrono>
#include <cstdint>

#include "model/model.h"

namespace tensor_service {

// Tokens of the next batch: as many as take that time, between kLeastBatchTokens and most. A time
// of 0: most. us_per_token: microseconds, padding included; 0: not known yet.
std::int64_t tokens_of_batch(std::int64_t most, std::chrono::microseconds time,
                             double us_per_token);

// Fewer are not worth a batch's fixed costs, whatever they take.
inline constexpr std::int64_t kLeastBatchTokens = 256;

// Rows of a batch of which so many fit and so many wait for each engine: a full one where enough
// wait, else as many as kLeastBatchTokens hold. What lies between would be a shape of its own each
// time, and rows that others could compute would wait for one.
std::int64_t rows_for(std::int64_t fit, std::int64_t waiting, std::int64_t row_tokens);

// What a batch on a CPU may take, so that a small request does not wait for long. On the small
// bundle it is 32 rows of 32 tokens, which take 53 microseconds a row where 8 rows take 80.
inline constexpr std::chrono::microseconds kBatchTime{4000};

// What OpenVINO takes for a batch of another shape than the one before, whatever the shapes: it
// infers those of all nodes anew. 370 microseconds on the small bundle, as much as 7 rows.
inline constexpr std::chrono::microseconds kShapeChange{370};

// The shape of an engine's last batch, where rows and tokens of padding up to it take less time
// than the engine takes to change its shape; else the batch's own.
BatchShape kept_shape(const BatchShape& own, const BatchShape& last, double us_per_token,
                      std::chrono::microseconds change);

}  // namespace tensor_service
