// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A vocabulary in, the ids of words out, by WordPiece: the longest piece first, one [UNK] for a
// word that has none or is too long. Any thread may call it.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/text_view.h"

namespace tensor_service {

// In characters.
constexpr std::size_t kLongestWord = 100;

struct Token {
  TextView text;
  std::int64_t id = 0;
};

class WordPieces {
 public:
  // The texts are not needed afterwards. Of a text that stands twice the last id counts.
  WordPieces(const std::vector<Token>& tokens, std::int64_t unknown);

  // Appends the ids of a word; of a longer one its first kLongestWord + 1 characters will do.
  void append(std::u32string_view word, std::vector<std::int64_t>& ids) const;

  // The id of a word of one character.
  std::int64_t of_character(char32_t character) const;

 private:
  // A trie of whole tokens, and one of what follows "##" in a token. Their edges lie in one table
  // with open addressing; an edge leads from a node over a character to the node of its own number.
  struct Edge {
    std::uint64_t from = 0;  // node and character, below; 0: none
    std::uint32_t node = 0;
    std::int32_t id = -1;  // of the token that ends at this node
  };
  static std::uint64_t key(std::uint32_t node, char32_t character) {
    return std::uint64_t{node} << 21U | character;
  }
  std::size_t slot(std::uint64_t from) const {
    return static_cast<std::size_t>(from * 0x9E3779B97F4A7C15U >> shift_);
  }
  const Edge* find(std::uint32_t node, char32_t character) const;
  Edge& find_or_add(std::uint32_t node, char32_t character);
  void grow();
  void add(std::uint32_t root, std::u32string_view token, std::int32_t id);

  std::vector<Edge> edges_;
  unsigned shift_;
  std::uint32_t nodes_ = 0;
  std::int64_t unknown_;
};

// Words that stand between spaces: their ids, one after the other.
void append_words(const WordPieces& pieces, const TextView& words, std::vector<std::int64_t>& ids);

}  // namespace tensor_service
