// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "text/word_pieces.h"

#include <limits>
#include <stdexcept>

#include "text/word_buffer.h"

namespace tensor_service {
namespace {

// Nodes that no edge leads to. Above 0, so that no key is 0.
constexpr std::uint32_t kWord = 1;
constexpr std::uint32_t kContinued = 2;
constexpr std::u32string_view kContinuedMark = U"##";
constexpr unsigned kKeyBits = 64;
constexpr unsigned kFirstBits = 10;

std::u32string characters_of(const TextView& text) {
  return with_cursor(text, [](auto cursor) {
    std::u32string characters;
    while (!cursor.at_end()) {
      characters += cursor.next();
    }
    return characters;
  });
}

}  // namespace

WordPieces::WordPieces(const std::vector<Token>& tokens, std::int64_t unknown)
    : edges_(std::size_t{1} << kFirstBits),
      shift_(kKeyBits - kFirstBits),
      nodes_(kContinued),
      unknown_(unknown) {
  for (const Token& token : tokens) {
    if (token.id < 0 || token.id > std::numeric_limits<std::int32_t>::max()) {
      throw std::invalid_argument("ids must be from 0 to 2147483647, got " +
                                  std::to_string(token.id));
    }
    const std::u32string characters = characters_of(token.text);
    const auto id = static_cast<std::int32_t>(token.id);
    add(kWord, characters, id);
    if (characters.starts_with(kContinuedMark)) {
      add(kContinued, std::u32string_view(characters).substr(kContinuedMark.size()), id);
    }
  }
}

const WordPieces::Edge* WordPieces::find(std::uint32_t node, char32_t character) const {
  const std::uint64_t from = key(node, character);
  std::size_t place = slot(from);
  while (edges_[place].from != 0) {
    if (edges_[place].from == from) {
      return &edges_[place];
    }
    place = (place + 1) & (edges_.size() - 1);
  }
  return nullptr;
}

WordPieces::Edge& WordPieces::find_or_add(std::uint32_t node, char32_t character) {
  // at most half of the table is taken, so that a search is short and ends
  if (2 * std::size_t{nodes_} >= edges_.size()) {
    grow();
  }
  const std::uint64_t from = key(node, character);
  std::size_t place = slot(from);
  while (edges_[place].from != 0 && edges_[place].from != from) {
    place = (place + 1) & (edges_.size() - 1);
  }
  if (edges_[place].from == 0) {
    edges_[place] = {from, ++nodes_, -1};
  }
  return edges_[place];
}

void WordPieces::grow() {
  const std::vector<Edge> before = std::move(edges_);
  edges_ = std::vector<Edge>(2 * before.size());
  --shift_;
  for (const Edge& edge : before) {
    if (edge.from != 0) {
      std::size_t place = slot(edge.from);
      while (edges_[place].from != 0) {
        place = (place + 1) & (edges_.size() - 1);
      }
      edges_[place] = edge;
    }
  }
}

void WordPieces::add(std::uint32_t root, std::u32string_view token, std::int32_t id) {
  // no word has more characters
  if (token.empty() || token.size() > kLongestWord) {
    return;
  }
  std::uint32_t node = root;
  for (const char32_t character : token.substr(0, token.size() - 1)) {
    node = find_or_add(node, character).node;
  }
  find_or_add(node, token.back()).id = id;
}

void WordPieces::append(std::u32string_view word, std::vector<std::int64_t>& ids) const {
  const std::size_t before = ids.size();
  std::uint32_t root = kWord;
  for (std::size_t start = 0; start < word.size() && word.size() <= kLongestWord;
       root = kContinued) {
    std::int32_t longest = -1;
    std::size_t end = start;
    std::uint32_t node = root;
    for (std::size_t at = start; at < word.size(); ++at) {
      const Edge* edge = find(node, word[at]);
      if (edge == nullptr) {
        break;
      }
      node = edge->node;
      if (edge->id >= 0) {
        longest = edge->id;
        end = at + 1;
      }
    }
    if (longest < 0) {
      ids.resize(before);
      break;
    }
    ids.push_back(longest);
    start = end;
  }
  if (ids.size() == before) {
    ids.push_back(unknown_);
  }
}

std::int64_t WordPieces::of_character(char32_t character) const {
  const Edge* edge = find(kWord, character);
  return edge == nullptr || edge->id < 0 ? unknown_ : edge->id;
}

void append_words(const WordPieces& pieces, const TextView& words, std::vector<std::int64_t>& ids) {
  with_cursor(words, [&](auto cursor) {
    WordBuffer word;
    while (!cursor.at_end()) {
      const char32_t character = cursor.next();
      if (character == U' ') {
        word.end(pieces, ids);
      } else {
        word.add(character);
      }
    }
    word.end(pieces, ids);
  });
}

}  // namespace tensor_service
