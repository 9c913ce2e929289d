// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// One input through PairEncoder, with the rules that hold whatever the texts are: rows are those of
// tokenizing everything in the plainest way. Called by the fuzz target, and by the tests with the
// corpus; throws std::logic_error when a rule is broken.

#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "text/frozen_tables.h"
#include "text/pair_encoder.h"

namespace tensor_service {

inline void require_of_text(bool holds, const std::string& rule) {
  if (!holds) {
    throw std::logic_error(rule);
  }
}

// Letters with and without accents, signs, sigmas, ideographs, jamo.
inline const std::vector<std::string>& fuzz_tokens() {
  static const std::vector<std::string> tokens = {
      "[PAD]", "[CLS]", "[SEP]", "[UNK]", "a",  "ab",   "b",  "##a", "##b", "##ab", "##aba",
      "σ",     "##σ",   "##ς",   "ς",     "α",  "##α",  "中", "文",  "。",  ".",    "'",
      "1",     "##1",   "A",     "##A",   "ᄀ", "##ᅡ", "°",  "##°", "é",   "##é"};
  return tokens;
}

inline std::u32string characters(const TextView& text) {
  return with_cursor(text, [](auto cursor) {
    std::u32string all;
    while (!cursor.at_end()) {
      all += cursor.next();
    }
    return all;
  });
}

class PlainTokenizer {
 public:
  explicit PlainTokenizer(const Normalization& normalization) : normalization_(normalization) {
    for (const std::string& token : fuzz_tokens()) {
      ids_[characters(std::string_view(token))] = static_cast<std::int64_t>(ids_.size());
    }
  }

  // All tokens of the characters.
  std::vector<std::int64_t> operator()(std::u32string_view text) const {
    std::vector<std::int64_t> ids;
    std::u32string word;
    for (const char32_t character : words(text) + U" ") {
      if (character != U' ') {
        word += character;
      } else if (!word.empty()) {
        const auto pieces = of_word(word);
        ids.insert(ids.end(), pieces.begin(), pieces.end());
        word.clear();
      }
    }
    return ids;
  }

 private:
  std::u32string words(std::u32string_view text) const {
    const FrozenTables& tables = FrozenTables::get();
    std::u32string all;
    for (std::size_t i = 0; i < text.size(); ++i) {
      std::u32string stands_for;
      if (normalization_.lower_case && text[i] == U'Σ' && is_final(text, i)) {
        stands_for = U"ς";
      } else if (normalization_.compatible) {
        tables.append_compatible(text[i], stands_for);
      } else {
        stands_for += text[i];
      }
      for (const char32_t character : stands_for) {
        std::u32string made;
        tables.append_replacement(character, normalization_.lower_case, made);
        const bool within = !normalization_.symbols_alone && tables.is_symbol(character);
        const std::size_t first = within ? made.find_first_not_of(U' ') : 0;
        const std::size_t last = within ? made.find_last_not_of(U' ') : made.size();
        if (first != std::u32string::npos) {
          all += made.substr(first, last - first + 1);
        }
      }
    }
    return all;
  }

  static bool is_final(std::u32string_view text, std::size_t sigma) {
    const FrozenTables& tables = FrozenTables::get();
    std::size_t before = sigma;
    while (before > 0 && tables.context(text[before - 1]) == SigmaContext::kIgnored) {
      --before;
    }
    std::size_t after = sigma + 1;
    while (after < text.size() && tables.context(text[after]) == SigmaContext::kIgnored) {
      ++after;
    }
    return before > 0 && tables.context(text[before - 1]) == SigmaContext::kCased &&
           (after == text.size() || tables.context(text[after]) != SigmaContext::kCased);
  }

  std::vector<std::int64_t> of_word(const std::u32string& word) const {
    std::vector<std::int64_t> ids;
    for (std::size_t start = 0; start < word.size() && word.size() <= kLongestWord;) {
      std::size_t end = word.size();
      const auto piece = [&] {
        return ids_.find((start > 0 ? U"##" : U"") + word.substr(start, end - start));
      };
      while (end > start && piece() == ids_.end()) {
        --end;
      }
      if (end == start) {
        return {3};
      }
      ids.push_back(piece()->second);
      start = end;
    }
    return ids.empty() ? std::vector<std::int64_t>{3} : ids;
  }

  Normalization normalization_;
  std::map<std::u32string, std::int64_t> ids_;
};

struct TextCase {
  Normalization normalization;
  Truncation truncation = Truncation::kLongestFirst;
  std::size_t max_seq_length = 5;
  Chunks chunks;
  std::string_view query;
  std::string_view title;
};

// Three bytes of settings, then the query up to a byte 0xFF, then the title.
inline TextCase text_case(std::string_view input) {
  const auto byte = [input](std::size_t at) {
    return at < input.size() ? static_cast<unsigned char>(input[at]) : 0U;
  };
  TextCase made;
  made.normalization = {(byte(0) & 1U) == 0, (byte(0) & 2U) != 0, (byte(0) & 4U) == 0};
  made.truncation = (byte(0) & 8U) != 0 ? Truncation::kTitleFirst : Truncation::kLongestFirst;
  made.max_seq_length = 5 + byte(1);
  made.chunks.max_chunks = 1 + byte(2) % 8U;
  if (byte(2) >= 128) {
    made.chunks.max_title_tokens = 1 + byte(2) % 32U;
  }
  const std::string_view texts = input.substr(std::min<std::size_t>(3, input.size()));
  made.query = texts.substr(0, texts.find('\xff'));
  made.title = texts.substr(std::min(texts.size(), made.query.size() + 1));
  return made;
}

// Of as much of a text as may be read.
inline std::vector<std::int64_t> plain_tokens(const PlainTokenizer& plain, std::u32string_view text,
                                              std::size_t most) {
  auto ids = plain(text.substr(0, characters_read(most)));
  ids.resize(std::min(ids.size(), most));
  return ids;
}

inline void require_row(const EncodedRows& rows, const EncodedRow& row, const TextCase& text) {
  const std::span<const std::int64_t> ids(rows.ids.data() + row.begin, row.length);
  require_of_text(row.length <= text.max_seq_length, "a row is not too long");
  require_of_text(ids.front() == 1 && ids.back() == 2 && ids[row.title_begin - 1] == 2,
                  "special tokens stand where they should");
  require_of_text(std::all_of(ids.begin(), ids.end(),
                              [](std::int64_t id) {
                                return id >= 0 &&
                                       id < static_cast<std::int64_t>(fuzz_tokens().size());
                              }),
                  "ids are of the vocabulary");
  require_of_text(row.query_kept <= row.query_tokens, "no more is kept than there is");
}

inline std::vector<std::int64_t> part(const EncodedRows& rows, const EncodedRow& row, bool title) {
  const auto begin = rows.ids.begin() + static_cast<std::ptrdiff_t>(row.begin);
  const auto border = static_cast<std::ptrdiff_t>(row.title_begin);
  return title ? std::vector(begin + border, begin + static_cast<std::ptrdiff_t>(row.length) - 1)
               : std::vector(begin + 1, begin + border - 1);
}

inline bool begins_with(const std::vector<std::int64_t>& all,
                        const std::vector<std::int64_t>& part) {
  return part.size() <= all.size() && std::equal(part.begin(), part.end(), all.begin());
}

// The rules of a normalization are made once: that takes far longer than one input.
inline PairEncoder fuzz_encoder(const TextCase& text) {
  static const auto pieces = [] {
    std::vector<Token> tokens;
    for (const std::string& token : fuzz_tokens()) {
      tokens.push_back({std::string_view(token), static_cast<std::int64_t>(tokens.size())});
    }
    return std::make_shared<const WordPieces>(tokens, 3);
  }();
  static std::map<std::vector<bool>, std::shared_ptr<const CharacterRules>> made;
  const auto& [lower_case, compatible, symbols_alone] = text.normalization;
  auto& rules = made[{lower_case, compatible, symbols_alone}];
  if (rules == nullptr) {
    rules = std::make_shared<const CharacterRules>(text.normalization, *pieces);
  }
  return {pieces, rules, {1, 2}, text.max_seq_length, text.truncation};
}

inline void run_pair_encoder(std::string_view input) {
  const TextCase text = text_case(input);
  const PairEncoder encoder = fuzz_encoder(text);
  const PlainTokenizer plain(text.normalization);
  const std::u32string query = characters(text.query);
  const std::u32string title = characters(text.title);
  const std::size_t room = text.max_seq_length - kSpecialTokens;
  const std::vector<std::int64_t> query_ids = plain_tokens(plain, query, room + 1);
  const std::vector<std::int64_t> title_ids = plain_tokens(plain, title, room + 1);

  const TextPair pair{text.query, text.title};
  const EncodedRows whole = encoder.encode_pairs({&pair, 1});
  require_of_text(whole.rows.size() == 1, "a pair has one row");
  const EncodedRow& row = whole.rows.front();
  require_row(whole, row, text);
  const std::size_t kept = kept_of_query(query_ids.size(), title_ids.size(), room, text.truncation);
  require_of_text(
      part(whole, row, false) ==
          std::vector(query_ids.begin(), query_ids.begin() + static_cast<std::ptrdiff_t>(kept)),
      "the query is that of tokenizing everything");
  const auto title_part = part(whole, row, true);
  require_of_text(begins_with(title_ids, title_part) &&
                      title_part.size() == std::min(title_ids.size(), room - kept),
                  "the title is that of tokenizing everything");

  const TextPair wide{{query.data(), query.size(), TextForm::kUcs4},
                      {title.data(), title.size(), TextForm::kUcs4}};
  require_of_text(encoder.encode_pairs({&wide, 1}).ids == whole.ids, "the form does not matter");

  const auto chunks = encoder.encode_chunks({&pair, 1}, text.chunks);
  require_of_text(chunks && !chunks->rows.empty() && chunks->rows.size() <= text.chunks.max_chunks,
                  "there are as many rows as allowed");
  std::vector<std::int64_t> together;
  for (const EncodedRow& chunk : chunks->rows) {
    require_row(*chunks, chunk, text);
    const auto ids = part(*chunks, chunk, true);
    together.insert(together.end(), ids.begin(), ids.end());
  }
  const auto all = plain_tokens(plain, title, text.chunks.max_chunks * room + 1);
  require_of_text(begins_with(all, together), "chunks hold the title in its order");
  require_of_text(together.size() == all.size() || chunks->rows.back().truncated,
                  "what is cut is told");
}

}  // namespace tensor_service
