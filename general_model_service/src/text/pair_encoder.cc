// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "text/pair_encoder.h"

#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>

#include "text/text_hash.h"

namespace tensor_service {
namespace {

constexpr std::size_t kShortestPart = 64;
// beyond what any title fills, and far from overflow
constexpr std::size_t kMostChunks = std::size_t{1} << 32U;

// Python reads a text that is not longer in one go, without a look at the limit.
bool is_short(const TextView& text, std::size_t wanted) {
  return with_cursor(text, [wanted](auto cursor) {
    std::size_t left = std::max(kShortestPart, wanted);
    for (; left > 0 && !cursor.at_end(); --left) {
      cursor.next();
    }
    return cursor.at_end();
  });
}

// Texts that are the same in the same form.
struct SameText {
  bool operator()(const TextView& a, const TextView& b) const {
    return a.form == b.form && a.bytes() == b.bytes();
  }
};

struct HashOfText {
  std::size_t operator()(const TextView& text) const { return hash_of_text(text.bytes()); }
};

// Numbers the distinct texts in the order in which they come.
class DistinctTexts {
 public:
  explicit DistinctTexts(std::size_t most) {
    numbers_.reserve(most);
    texts_.reserve(most);
  }

  std::size_t number(const TextView& text) {
    // lists of one query: mostly the same again
    if (!texts_.empty() && text.units == last_.units && text.size == last_.size &&
        text.form == last_.form) {
      return number_of_last_;
    }
    const auto [found, is_new] = numbers_.try_emplace(text, texts_.size());
    if (is_new) {
      texts_.push_back(text);
    }
    last_ = text;
    number_of_last_ = found->second;
    return found->second;
  }

  const std::vector<TextView>& texts() const { return texts_; }

 private:
  std::unordered_map<TextView, std::size_t, HashOfText, SameText> numbers_;
  std::vector<TextView> texts_;
  TextView last_;
  std::size_t number_of_last_ = 0;
};

}  // namespace

// The tokens of distinct texts, by number.
struct PairEncoder::Known {
  std::vector<std::int64_t> ids;
  std::vector<Tokens> texts;
};

PairEncoder::PairEncoder(std::shared_ptr<const WordPieces> pieces,
                         std::shared_ptr<const CharacterRules> rules, SpecialIds special,
                         std::size_t max_seq_length, Truncation truncation)
    : pieces_(std::move(pieces)),
      rules_(std::move(rules)),
      special_(special),
      room_(max_seq_length - kSpecialTokens),
      truncation_(truncation) {
  if (max_seq_length < kSpecialTokens + 2) {
    throw TokenizerError("max_seq_length: must be at least " + std::to_string(kSpecialTokens + 2) +
                         " (three special tokens and one of each text), got " +
                         std::to_string(max_seq_length));
  }
}

void PairEncoder::read(const TextView& text, std::size_t most, Known& known) const {
  known.texts.push_back(tensor_service::first_tokens(*rules_, *pieces_, text, most, known.ids));
}

EncodedRows PairEncoder::encode_pairs(std::span<const TextPair> pairs) const {
  DistinctTexts queries(pairs.size());
  DistinctTexts titles(pairs.size());
  std::vector<std::pair<std::size_t, std::size_t>> numbers;
  numbers.reserve(pairs.size());
  for (const TextPair& pair : pairs) {
    numbers.emplace_back(queries.number(pair.query), titles.number(pair.title));
  }
  // one more than a row holds, which tells that something was cut
  Known known;
  for (const DistinctTexts* part : {&queries, &titles}) {
    for (const TextView& text : part->texts()) {
      read(text, room_ + 1, known);
    }
  }
  EncodedRows rows;
  rows.rows.reserve(pairs.size());
  rows.ids.reserve(known.ids.size() + kSpecialTokens * pairs.size());
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const Tokens& query = known.texts[numbers[i].first];
    const Tokens& title = known.texts[queries.texts().size() + numbers[i].second];
    append_row(known, query, kept(query.count, title.count), title, i, rows);
  }
  return rows;
}

std::size_t PairEncoder::chunk_size(std::size_t query, std::size_t first, std::size_t most) const {
  return std::min(room_ - kept(query, first), most);
}

std::optional<EncodedRows> PairEncoder::encode_chunks(std::span<const TextPair> pairs,
                                                      const Chunks& chunks) const {
  const std::size_t most = std::min(room_, chunks.max_title_tokens.value_or(room_));
  if (most == 0 || chunks.max_chunks == 0) {
    throw std::invalid_argument("max_title_tokens and max_chunks must be at least 1");
  }
  const std::size_t max_chunks = std::min(chunks.max_chunks, kMostChunks);
  DistinctTexts queries(pairs.size());
  DistinctTexts titles(pairs.size());
  Known known;
  std::vector<std::size_t> wanted;
  std::vector<std::pair<std::size_t, std::size_t>> numbers;
  for (const TextPair& pair : pairs) {
    const std::size_t query = queries.number(pair.query);
    if (query == known.texts.size()) {
      read(pair.query, room_ + 1, known);
    }
    const std::size_t title = titles.number(pair.title);
    const std::size_t size = chunk_size(known.texts[query].count, most, most);
    wanted.resize(titles.texts().size());
    wanted[title] = std::max(wanted[title], max_chunks * size + 1);
    numbers.emplace_back(query, title);
  }
  bool counts = false;
  for (std::size_t i = 0; chunks.max_tokens && !counts && i < wanted.size(); ++i) {
    counts = !is_short(titles.texts()[i], wanted[i]);
  }
  const std::size_t of_queries = known.ids.size();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    read(titles.texts()[i], wanted[i], known);
    if (counts && known.ids.size() - of_queries > *chunks.max_tokens) {
      return std::nullopt;
    }
  }
  EncodedRows rows;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    append_chunks(known, known.texts[numbers[i].first],
                  known.texts[queries.texts().size() + numbers[i].second], i,
                  {most, max_chunks, std::nullopt}, rows);
  }
  return rows;
}

EncodedTexts PairEncoder::first_tokens(std::span<const TextView> texts) const {
  DistinctTexts distinct(texts.size());
  Known known;
  EncodedTexts found;
  found.texts.reserve(texts.size());
  for (const TextView& text : texts) {
    const std::size_t number = distinct.number(text);
    if (number == known.texts.size()) {
      read(text, room_ + 1, known);
    }
    found.texts.push_back(known.texts[number]);
  }
  found.ids = std::move(known.ids);
  return found;
}

// All rows of a pair begin with the same tokens of the query: those that stay beside as much of the
// title as one row may hold.
void PairEncoder::append_chunks(const Known& known, const Tokens& query, const Tokens& title,
                                std::size_t pair, const Chunks& chunks, EncodedRows& rows) const {
  const std::size_t most = *chunks.max_title_tokens;
  const std::size_t first = std::min(title.count, most);
  const std::size_t size = chunk_size(query.count, first, most);
  const std::size_t kept_query = kept(query.count, first);
  std::size_t start = 0;
  for (std::size_t count = 0; count < chunks.max_chunks; ++count) {
    const Tokens part{title.begin + start, std::min(size, title.count - start), false};
    append_row(known, query, kept_query, part, pair, rows);
    start += part.count;
    // a query that fills the row leaves nothing to divide
    if (size == 0 || start == title.count) {
      break;
    }
  }
  if (start < title.count || title.more) {
    rows.rows.back().truncated = title.count > 0;
    rows.rows.back().title_tokens = title.counted();
  }
}

// The query's first tokens, and what fits of the title.
void PairEncoder::append_row(const Known& known, const Tokens& query, std::size_t kept,
                             const Tokens& title, std::size_t pair, EncodedRows& rows) const {
  const std::size_t kept_title = std::min(title.count, room_ - kept);
  const auto at = [&known](std::size_t place) {
    return known.ids.begin() + static_cast<std::ptrdiff_t>(place);
  };
  EncodedRow row;
  row.begin = rows.ids.size();
  row.title_begin = kept + 2;
  row.length = kept + kept_title + kSpecialTokens;
  row.pair = pair;
  row.query_tokens = query.counted();
  row.query_kept = static_cast<std::int64_t>(kept);
  row.title_tokens = title.counted();
  row.truncated = static_cast<std::int64_t>(kept_title) < title.counted();
  rows.ids.push_back(special_.begin);
  rows.ids.insert(rows.ids.end(), at(query.begin), at(query.begin + kept));
  rows.ids.push_back(special_.end);
  rows.ids.insert(rows.ids.end(), at(title.begin), at(title.begin + kept_title));
  rows.ids.push_back(special_.end);
  rows.rows.push_back(row);
}

}  // namespace tensor_service
