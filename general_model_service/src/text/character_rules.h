// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// What each code point becomes, for one vocabulary and one way to normalize: looked up at once for
// every code point when a tokenizer is loaded. contract/text/normalization.py is the same in
// Python. Any thread may read it.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/frozen_tables.h"
#include "text/word_pieces.h"

namespace tensor_service {

struct Normalization {
  bool lower_case = true;     // also strips accents
  bool compatible = false;    // each character is what it stands for by NFKC
  bool symbols_alone = true;  // false: symbols are parts of words, as to Hugging Face's BERT
};

enum class Becomes : std::uint32_t {
  kNothing,
  kSpace,
  kLetter,      // of a word; the value is its code point
  kToken,       // a word of its own; the value is its id
  kCharacters,  // the value is where these stand
  kSigma,       // the same, where it is not final
};

class CharacterRule {
 public:
  CharacterRule() = default;
  CharacterRule(Becomes becomes, SigmaContext context, std::uint32_t value)
      : bits_(value << 5U | static_cast<std::uint32_t>(context) << 3U |
              static_cast<std::uint32_t>(becomes)) {}

  Becomes becomes() const { return static_cast<Becomes>(bits_ & 7U); }
  SigmaContext context() const { return static_cast<SigmaContext>(bits_ >> 3U & 3U); }
  std::uint32_t value() const { return bits_ >> 5U; }

 private:
  std::uint32_t bits_ = 0;
};

class CharacterRules {
 public:
  static constexpr std::uint32_t kMostValue = (std::uint32_t{1} << 27U) - 1;

  // Throws std::invalid_argument for an id above kMostValue.
  CharacterRules(const Normalization& normalization, const WordPieces& pieces);

  CharacterRule operator[](char32_t code_point) const {
    return code_point < kCodePoints ? rules_[pages_[code_point / kPage] + code_point % kPage]
                                    : CharacterRule();
  }

  // Of kCharacters and kSigma.
  std::u32string_view characters(CharacterRule rule) const {
    return {characters_.data() + rule.value() + 1, characters_[rule.value()]};
  }

 private:
  static constexpr std::size_t kCodePoints = 0x110000;
  static constexpr std::size_t kPage = 256;

  CharacterRule rule_of(char32_t code_point, const Normalization& normalization,
                        const WordPieces& pieces);

  // where each page begins; those that drop everything are the first
  std::array<std::uint32_t, kCodePoints / kPage> pages_{};
  std::vector<CharacterRule> rules_;
  // each behind its length
  std::vector<char32_t> characters_;
};

}  // namespace tensor_service
