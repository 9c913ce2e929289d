// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The word that is being read. Of one that is too long only so much is kept that this still shows.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "text/word_pieces.h"

namespace tensor_service {

class WordBuffer {
 public:
  void add(char32_t character) {
    if (size_ < characters_.size()) {
      characters_[size_++] = character;
    }
  }

  // Appends the ids of the word, if there is one, and begins the next.
  void end(const WordPieces& pieces, std::vector<std::int64_t>& ids) {
    if (size_ > 0) {
      pieces.append({characters_.data(), size_}, ids);
      size_ = 0;
    }
  }

 private:
  std::array<char32_t, kLongestWord + 1> characters_;
  std::size_t size_ = 0;
};

}  // namespace tensor_service
