// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The rules by which texts become rows, as a bundle's manifest states them; contract/text/rules.py
// explains them.

#pragma once

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace tensor_service {

// A tokenizer directory or a rule that cannot be used; what() names it and the remedy.
class TokenizerError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

enum class Truncation { kLongestFirst, kTitleFirst };

struct TextRules {
  Truncation truncation = Truncation::kLongestFirst;
  bool nfkc = false;
};

// Rules by their names, such as "longest_first" and "nfkc". Throws TokenizerError for others.
inline TextRules text_rules(std::string_view truncation, std::string_view normalization) {
  const auto check = [](bool known, const char* rule, std::string_view name) {
    if (!known) {
      throw TokenizerError(std::string(rule) + " '" + std::string(name.substr(0, 80)) +
                           "' is not one that this release knows; use the release that made it");
    }
  };
  check(truncation == "longest_first" || truncation == "title_first", "truncation", truncation);
  check(normalization == "none" || normalization == "nfkc", "normalization", normalization);
  return {truncation == "title_first" ? Truncation::kTitleFirst : Truncation::kLongestFirst,
          normalization == "nfkc"};
}

// How many tokens of a query stay; the title has the rest of the room.
inline std::size_t kept_of_query(std::size_t query, std::size_t title, std::size_t room,
                                 Truncation truncation) {
  if (truncation == Truncation::kTitleFirst) {
    return std::min(query, room);
  }
  // taking one token after the other from the longer ends at halves, or at a text that is shorter
  const std::size_t beside = title < room ? room - title : 0;
  return std::min(query, std::max(beside, room - room / 2));
}

}  // namespace tensor_service
