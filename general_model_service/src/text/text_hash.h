// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A number of a whole text, other in each process: nobody outside can make texts that share one,
// which a table of texts would then compare each with each. Called by pair_encoder.cc.

#pragma once

#include <cstddef>
#include <string_view>

namespace tensor_service {

std::size_t hash_of_text(std::string_view bytes);

}  // namespace tensor_service
