// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A text in, its first tokens out; no more of it is looked at than can make them. What
// contract/text/tokens.py is in Python. Called by PairEncoder.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "text/character_rules.h"
#include "text/text_view.h"
#include "text/word_pieces.h"

namespace tensor_service {

// How many characters of a text are read at most when so many tokens are wanted: several times what
// any prose has, blanks and all.
constexpr std::size_t characters_read(std::size_t most) {
  return std::max<std::size_t>(1024, 16 * most);
}

// Some tokens among others.
struct Tokens {
  std::size_t begin = 0;
  std::size_t count = 0;
  // reading ended at the bound, and not at the text's end or with all its tokens
  bool more = false;

  // One more where there may be more; none where none was found.
  std::int64_t counted() const {
    return static_cast<std::int64_t>(count) + (more && count > 0 ? 1 : 0);
  }
};

// Appends at most so many tokens of the text to ids.
Tokens first_tokens(const CharacterRules& rules, const WordPieces& pieces, const TextView& text,
                    std::size_t most, std::vector<std::int64_t>& ids);

}  // namespace tensor_service
