// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Pairs of texts in, rows of tokens out: [CLS] query [SEP] title [SEP]. contract/encoding.py is the
// same in Python and says what the rules mean; both give the same rows. Any thread may call it.

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "text/character_rules.h"
#include "text/first_tokens.h"
#include "text/text_rules.h"
#include "text/text_view.h"
#include "text/word_pieces.h"

namespace tensor_service {

constexpr std::size_t kSpecialTokens = 3;

struct TextPair {
  TextView query;
  TextView title;
};

// One encoded pair, or a part of one whose title was cut into several rows.
struct EncodedRow {
  std::size_t begin = 0;          // of its ids
  std::size_t length = 0;         // in tokens, special ones included
  std::size_t title_begin = 0;    // in the row; token types are 0 before it and 1 from there on
  std::size_t pair = 0;           // whose row it is
  std::int64_t query_tokens = 0;  // before the query was cut, up to one more than a row takes
  std::int64_t query_kept = 0;
  std::int64_t title_tokens = 0;  // before the title was cut, or the part of it; counted alike
  bool truncated = false;         // tokens of the title were cut
};

// The ids of all rows, one row after the other, without padding.
struct EncodedRows {
  std::vector<std::int64_t> ids;
  std::vector<EncodedRow> rows;
};

// The first tokens of texts, in their order.
struct EncodedTexts {
  std::vector<std::int64_t> ids;
  std::vector<Tokens> texts;
};

struct SpecialIds {
  std::int64_t begin = 0;  // [CLS]
  std::int64_t end = 0;    // [SEP]
};

struct Chunks {
  // most tokens of a title in a row; none: as many as fit
  std::optional<std::size_t> max_title_tokens;
  std::size_t max_chunks = 1;
  // of all rows
  std::optional<std::size_t> max_tokens;
};

class PairEncoder {
 public:
  // Throws TokenizerError for rows too short for three special tokens and one of each text.
  PairEncoder(std::shared_ptr<const WordPieces> pieces, std::shared_ptr<const CharacterRules> rules,
              SpecialIds special, std::size_t max_seq_length, Truncation truncation);

  // Reads vocab.txt and, where there is one, tokenizer_config.json. Throws TokenizerError: a file
  // is missing or damaged, or is of a tokenizer that is not WordPiece.
  static PairEncoder load(const std::filesystem::path& directory, std::size_t max_seq_length,
                          const TextRules& rules);

  // One row for each pair. Each distinct text is read once.
  EncodedRows encode_pairs(std::span<const TextPair> pairs) const;

  // Rows of pairs whose titles go on in further rows; the query is cut as beside the first part and
  // begins each of them. Nothing when the titles have more than max_tokens tokens: the work ends
  // where that is seen. Titles that are all short are not counted, as in Python.
  // Throws std::invalid_argument when max_title_tokens or max_chunks is 0.
  std::optional<EncodedRows> encode_chunks(std::span<const TextPair> pairs,
                                           const Chunks& chunks) const;

  // Of each text as many tokens as matter in any pair.
  EncodedTexts first_tokens(std::span<const TextView> texts) const;

 private:
  struct Known;
  std::size_t kept(std::size_t query, std::size_t title) const {
    return kept_of_query(query, title, room_, truncation_);
  }
  std::size_t chunk_size(std::size_t query, std::size_t first, std::size_t most) const;
  void read(const TextView& text, std::size_t most, Known& known) const;
  void append_row(const Known& known, const Tokens& query, std::size_t kept, const Tokens& title,
                  std::size_t pair, EncodedRows& rows) const;
  void append_chunks(const Known& known, const Tokens& query, const Tokens& title, std::size_t pair,
                     const Chunks& chunks, EncodedRows& rows) const;

  std::shared_ptr<const WordPieces> pieces_;
  std::shared_ptr<const CharacterRules> rules_;
  SpecialIds special_;
  std::size_t room_;  // tokens of both texts that a row takes
  Truncation truncation_;
};

}  // namespace tensor_service
