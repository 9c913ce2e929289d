// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "text/character_rules.h"

#include <stdexcept>

namespace tensor_service {
namespace {

constexpr char32_t kCapitalSigma = 0x3A3;

// The characters that a code point becomes, among them spaces.
std::u32string replaced(char32_t code_point, const Normalization& normalization) {
  const FrozenTables& tables = FrozenTables::get();
  std::u32string stands_for;
  if (normalization.compatible) {
    tables.append_compatible(code_point, stands_for);
  } else {
    stands_for += code_point;
  }
  std::u32string all;
  for (const char32_t character : stands_for) {
    std::u32string made;
    tables.append_replacement(character, normalization.lower_case, made);
    if (!normalization.symbols_alone && tables.is_symbol(character)) {
      made.erase(0, made.find_first_not_of(U' '));
      made.erase(made.find_last_not_of(U' ') + 1);
    }
    all += made;
  }
  return all;
}

}  // namespace

CharacterRules::CharacterRules(const Normalization& normalization, const WordPieces& pieces)
    : rules_(kPage) {
  for (std::size_t page = 0; page < pages_.size(); ++page) {
    const auto first = static_cast<char32_t>(page * kPage);
    if (!FrozenTables::get().keeps_any(first, first + kPage - 1, normalization.compatible)) {
      continue;
    }
    pages_[page] = static_cast<std::uint32_t>(rules_.size());
    for (char32_t code_point = first; code_point < first + kPage; ++code_point) {
      rules_.push_back(rule_of(code_point, normalization, pieces));
    }
  }
}

CharacterRule CharacterRules::rule_of(char32_t code_point, const Normalization& normalization,
                                      const WordPieces& pieces) {
  const SigmaContext context = FrozenTables::get().context(code_point);
  const std::u32string made = replaced(code_point, normalization);
  const bool sigma = normalization.lower_case && code_point == kCapitalSigma;
  if (made.empty()) {
    return {Becomes::kNothing, context, 0};
  }
  if (made == U" ") {
    return {Becomes::kSpace, context, 0};
  }
  if (made.size() == 1 && !sigma) {
    return {Becomes::kLetter, context, made[0]};
  }
  if (made.size() == 3 && made[0] == U' ' && made[1] != U' ' && made[2] == U' ') {
    const std::int64_t id = pieces.of_character(made[1]);
    if (id < 0 || id > kMostValue) {
      throw std::invalid_argument("ids must be from 0 to " + std::to_string(kMostValue) + ", got " +
                                  std::to_string(id));
    }
    return {Becomes::kToken, context, static_cast<std::uint32_t>(id)};
  }
  const auto place = static_cast<std::uint32_t>(characters_.size());
  characters_.push_back(static_cast<char32_t>(made.size()));
  characters_.insert(characters_.end(), made.begin(), made.end());
  return {sigma ? Becomes::kSigma : Becomes::kCharacters, context, place};
}

}  // namespace tensor_service
