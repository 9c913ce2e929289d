// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "scheduling/batch_shape.h"

#include <algorithm>

namespace tensor_service {

std::int64_t tokens_of_batch(std::int64_t most, std::chrono::microseconds time,
                             double us_per_token) {
  if (time.count() == 0 || most <= kLeastBatchTokens) {
    return most;
  }
  const double tokens = us_per_token > 0.0 ? static_cast<double>(time.count()) / us_per_token : 0.0;
  return static_cast<std::int64_t>(
      std::clamp(tokens, static_cast<double>(kLeastBatchTokens), static_cast<double>(most)));
}

std::int64_t rows_for(std::int64_t fit, std::int64_t waiting, std::int64_t row_tokens) {
  const std::int64_t least = std::max<std::int64_t>(1, kLeastBatchTokens / row_tokens);
  const std::int64_t full = fit < least ? fit : fit / least * least;
  return waiting >= full ? full : std::min(full, least);
}

BatchShape kept_shape(const BatchShape& own, const BatchShape& last, double us_per_token,
                      std::chrono::microseconds change) {
  if (last.rows < own.rows || last.length < own.length || us_per_token <= 0.0) {
    return own;
  }
  const auto more = static_cast<double>(last.tokens() - own.tokens());
  return more * us_per_token < static_cast<double>(change.count()) ? last : own;
}

}  // namespace tensor_service
