// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The files of a tokenizer directory, as contract/text/vocabulary.py reads them. Called by
// PairEncoder::load.

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

#include "text/word_pieces.h"

namespace tensor_service {

// One token a line.
class VocabularyFile {
 public:
  // Throws TokenizerError: it cannot be read, is no UTF-8, or lacks a special token.
  explicit VocabularyFile(const std::filesystem::path& path);

  // Views of this object's text.
  const std::vector<Token>& tokens() const { return tokens_; }

  // Of one of [PAD], [CLS], [SEP] and [UNK].
  std::int64_t special(const std::string& token) const { return special_.at(token); }

 private:
  std::string text_;
  std::vector<Token> tokens_;
  std::unordered_map<std::string, std::int64_t> special_;
};

// What tokenizer_config.json says; true where it says nothing.
struct TokenizerConfig {
  bool lower_case = true;
  bool symbols_alone = true;
};

// Throws TokenizerError: the file is damaged, or the directory is of a tokenizer that makes
// sentence pieces, by its class or, where it names none, by a file.
TokenizerConfig read_wordpiece_config(const std::filesystem::path& directory);

}  // namespace tensor_service
