// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A ranking request in, its rows of tokens out, as contract/wire/request_rows.py makes them.

#pragma once

#include <cstdint>
#include <span>

#include "ranking/rank_request.h"
#include "ranking/values.h"
#include "text/pair_encoder.h"

namespace tensor_service {

// Throws RankingError: a query has no token, or there are too many for chunks.
EncodedRows encode_request(const RankRequest& request, const PairEncoder& encoder,
                           const TextLimits& limits);

std::int64_t count_tokens(std::span<const EncodedRow> rows);

// Those of all rankers that are asked. Throws RankingError: there are too many.
void check_tokens(std::int64_t tokens, const TextLimits& limits);

}  // namespace tensor_service
