// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "text/first_tokens.h"

#include <string_view>

#include "text/word_buffer.h"

namespace tensor_service {
namespace {

constexpr char32_t kFinalSigma = 0x3C2;

// Whether a cased character comes next, ignored ones not counted; all within the bound.
template <class Cursor>
bool cased_follows(const CharacterRules& rules, Cursor text, std::size_t left) {
  for (; left > 0 && !text.at_end(); --left) {
    const SigmaContext context = rules[text.next()].context();
    if (context != SigmaContext::kIgnored) {
      return context == SigmaContext::kCased;
    }
  }
  return false;
}

class Reader {
 public:
  Reader(const CharacterRules& rules, const WordPieces& pieces, std::vector<std::int64_t>& ids)
      : rules_(rules), pieces_(pieces), ids_(ids) {}

  template <class Cursor>
  Tokens read(Cursor text, std::size_t most) {
    const std::size_t begin = ids_.size();
    std::size_t left = characters_read(most);
    bool after_cased = false;
    for (; left > 0 && !text.at_end() && ids_.size() - begin < most; --left) {
      CharacterRule rule = rules_[text.next()];
      const SigmaContext context = rule.context();
      if (rule.becomes() == Becomes::kSigma && after_cased &&
          !cased_follows(rules_, text, left - 1)) {
        rule = rules_[kFinalSigma];
      }
      take(rule);
      if (context != SigmaContext::kIgnored) {
        after_cased = context == SigmaContext::kCased;
      }
    }
    word_.end(pieces_, ids_);
    const std::size_t found = ids_.size() - begin;
    if (found > most) {
      ids_.resize(begin + most);
    }
    return {begin, std::min(found, most), found < most && !text.at_end()};
  }

 private:
  void take(CharacterRule rule) {
    switch (rule.becomes()) {
      case Becomes::kToken:
        word_.end(pieces_, ids_);
        ids_.push_back(rule.value());
        break;
      case Becomes::kLetter:
        word_.add(rule.value());
        break;
      case Becomes::kSpace:
        word_.end(pieces_, ids_);
        break;
      case Becomes::kCharacters:
      case Becomes::kSigma:
        take_all(rules_.characters(rule));
        break;
      case Becomes::kNothing:
        break;
    }
  }

  void take_all(std::u32string_view characters) {
    for (const char32_t character : characters) {
      if (character == U' ') {
        word_.end(pieces_, ids_);
      } else {
        word_.add(character);
      }
    }
  }

  const CharacterRules& rules_;
  const WordPieces& pieces_;
  std::vector<std::int64_t>& ids_;
  WordBuffer word_;
};

}  // namespace

Tokens first_tokens(const CharacterRules& rules, const WordPieces& pieces, const TextView& text,
                    std::size_t most, std::vector<std::int64_t>& ids) {
  return with_cursor(text,
                     [&](auto cursor) { return Reader(rules, pieces, ids).read(cursor, most); });
}

}  // namespace tensor_service
