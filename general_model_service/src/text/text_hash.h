// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A number of a whole text, other in each process: nobody outside can make texts that share one,
// which a table of texts would then compare each with each. For every table whose keys callers
// choose.

#pragma once

#include <cstddef>
#include <string_view>
#include <unordered_set>

namespace tensor_service {

std::size_t hash_of_text(std::string_view bytes);

struct TextHash {
  std::size_t operator()(std::string_view bytes) const { return hash_of_text(bytes); }
};

using TextSet = std::unordered_set<std::string_view, TextHash>;

}  // namespace tensor_service
