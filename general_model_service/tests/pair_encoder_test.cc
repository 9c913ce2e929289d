// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Rows, truncation, chunks and limits of PairEncoder, and the texts that it reads. That they are
// Python's rows on any text is held by tests/contract.

#include "text/pair_encoder.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace tensor_service {
namespace {

const std::vector<std::string> kTokens = {"[PAD]", "[CLS]", "[SEP]", "[UNK]", "a",  "ab",
                                          "##b",   "##ba",  "中",    "文",    "。", "##ς",
                                          "σ",     "é",     "##a",   "α",     "e",  "##σ"};

using IdList = std::vector<std::int64_t>;

std::shared_ptr<const WordPieces> pieces() {
  std::vector<Token> tokens;
  for (const std::string& token : kTokens) {
    tokens.push_back({std::string_view(token), static_cast<std::int64_t>(tokens.size())});
  }
  return std::make_shared<const WordPieces>(tokens, 3);
}

PairEncoder encoder(std::size_t length, Truncation truncation = Truncation::kLongestFirst,
                    const Normalization& normalization = {}) {
  const auto known = pieces();
  return {known,
          std::make_shared<const CharacterRules>(normalization, *known),
          {1, 2},
          length,
          truncation};
}

IdList ids_of(const EncodedRows& rows, std::size_t row) {
  const auto begin = rows.ids.begin() + static_cast<std::ptrdiff_t>(rows.rows[row].begin);
  return {begin, begin + static_cast<std::ptrdiff_t>(rows.rows[row].length)};
}

// The tokens of one text.
IdList tokens_of(const TextView& text, const Normalization& normalization = {}) {
  const EncodedTexts found =
      encoder(600, Truncation::kLongestFirst, normalization).first_tokens({&text, 1});
  return found.ids;
}

std::string repeated(const std::string& text, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) {
    all += text;
  }
  return all;
}

TEST(PairEncoderTest, APairIsOneRow) {
  const std::vector<TextPair> pairs = {{"中文", "a。"}, {"中文", ""}};
  const EncodedRows rows = encoder(12).encode_pairs(pairs);
  EXPECT_EQ(ids_of(rows, 0), (IdList{1, 8, 9, 2, 4, 10, 2}));
  EXPECT_EQ(ids_of(rows, 1), (IdList{1, 8, 9, 2, 2}));
  EXPECT_EQ(rows.rows[0].title_begin, 4U);
  EXPECT_EQ(rows.rows[0].query_tokens, 2);
  EXPECT_EQ(rows.rows[0].query_kept, 2);
  EXPECT_EQ(rows.rows[0].title_tokens, 2);
  EXPECT_FALSE(rows.rows[0].truncated);
  EXPECT_EQ(rows.rows[1].pair, 1U);
}

TEST(PairEncoderTest, NoPairsAreNoRows) {
  EXPECT_TRUE(encoder(12).encode_pairs({}).rows.empty());
  EXPECT_TRUE(encoder(12).encode_chunks({}, {3, 2, 1})->rows.empty());
}

TEST(PairEncoderTest, TheLongerTextIsCutFirst) {
  const std::string query = repeated("中", 9);
  const std::string title = repeated("文", 9);
  const std::vector<TextPair> pairs = {{query, title}, {query, "a"}, {"中", title}};
  const EncodedRows rows = encoder(10).encode_pairs(pairs);
  EXPECT_EQ(ids_of(rows, 0), (IdList{1, 8, 8, 8, 8, 2, 9, 9, 9, 2}));
  EXPECT_EQ(rows.rows[0].query_tokens, 8) << "one more than a row takes";
  EXPECT_TRUE(rows.rows[0].truncated);
  EXPECT_EQ(rows.rows[1].query_kept, 6);
  EXPECT_FALSE(rows.rows[1].truncated);
  EXPECT_EQ(rows.rows[2].length, 10U);
}

TEST(PairEncoderTest, TheTitleIsCutFirstWhereTheRuleSaysSo) {
  const std::string query = repeated("中", 9);
  const TextPair pair{query, "文"};
  const EncodedRows rows = encoder(10, Truncation::kTitleFirst).encode_pairs({&pair, 1});
  EXPECT_EQ(ids_of(rows, 0), (IdList{1, 8, 8, 8, 8, 8, 8, 8, 2, 2}));
  EXPECT_TRUE(rows.rows[0].truncated);
  const auto chunks =
      encoder(10, Truncation::kTitleFirst).encode_chunks({&pair, 1}, {std::nullopt, 64, {}});
  ASSERT_EQ(chunks->rows.size(), 1U) << "a full row leaves nothing to divide";
  EXPECT_EQ(chunks->rows[0].title_tokens, 1);
  EXPECT_TRUE(chunks->rows[0].truncated);
}

TEST(PairEncoderTest, ATitleGoesOnInFurtherRows) {
  const std::string title = repeated("文", 8);
  const std::vector<TextPair> pairs = {{"中", title}, {"中", "a"}};
  const auto rows = encoder(12).encode_chunks(pairs, {3, 2, std::nullopt});
  ASSERT_EQ(rows->rows.size(), 3U);
  EXPECT_EQ(ids_of(*rows, 0), (IdList{1, 8, 2, 9, 9, 9, 2}));
  EXPECT_FALSE(rows->rows[0].truncated);
  EXPECT_TRUE(rows->rows[1].truncated) << "two tokens are left after the last row";
  EXPECT_EQ(rows->rows[1].title_tokens, 7);
  EXPECT_EQ(rows->rows[2].pair, 1U);
  EXPECT_EQ(encoder(12).encode_chunks(pairs, {3, 64, {}})->rows.size(), 4U);
}

TEST(PairEncoderTest, MoreTokensThanAllowedEndTheWork) {
  const std::string title = repeated("文", 100);
  const std::vector<TextPair> pairs = {{"中", title}, {"文", title}, {"中", "a"}};
  EXPECT_TRUE(encoder(30).encode_chunks(pairs, {std::nullopt, 64, 101}));
  EXPECT_FALSE(encoder(30).encode_chunks(pairs, {std::nullopt, 2, 50}))
      << "tokens of a title that stands twice count once";
  EXPECT_THROW(encoder(30).encode_chunks(pairs, {0, 2, {}}), std::invalid_argument);
  EXPECT_THROW(encoder(30).encode_chunks(pairs, {1, 0, {}}), std::invalid_argument);
}

TEST(PairEncoderTest, NoMoreIsReadThanTheBound) {
  EXPECT_EQ(characters_read(1), 1024U);
  EXPECT_EQ(characters_read(100), 1600U);
  const std::string far = "中" + std::string(1600, ' ') + "文";
  const std::string near = "中" + std::string(1598, ' ') + "文";
  const std::vector<TextView> texts = {far, near};
  const EncodedTexts found = encoder(102).first_tokens(texts);
  EXPECT_EQ(found.texts[0].counted(), 2);
  EXPECT_TRUE(found.texts[0].more);
  EXPECT_EQ(found.texts[1].count, 2U);
  EXPECT_FALSE(found.texts[1].more);
}

TEST(PairEncoderTest, LongTextsThatDifferInTheMiddleAreToldApart) {
  const std::string one = "中" + std::string(9000, ' ') + std::string(9000, 'x');
  std::string other = one;
  other[3] = 'a';
  const std::vector<TextPair> pairs = {{"中", one}, {"中", other}, {"中", one}};
  const EncodedRows rows = encoder(12).encode_pairs(pairs);
  EXPECT_EQ(ids_of(rows, 0), ids_of(rows, 2));
  EXPECT_NE(ids_of(rows, 0), ids_of(rows, 1));
}

TEST(PairEncoderTest, RowsTooShortAreRefused) {
  EXPECT_NO_THROW(encoder(5));
  EXPECT_THROW(encoder(4), TokenizerError);
}

TEST(PairEncoderTest, ThreadsShareOne) {
  const PairEncoder shared = encoder(40);
  const std::string title = repeated("ab 中 aba Σ", 200);
  const std::vector<TextPair> pairs(50, {"中文", title});
  const IdList alone = shared.encode_pairs(pairs).ids;
  std::vector<IdList> found(4);
  std::vector<std::thread> threads;
  for (IdList& ids : found) {
    threads.emplace_back([&] { ids = shared.encode_pairs(pairs).ids; });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (const IdList& ids : found) {
    EXPECT_EQ(ids, alone);
  }
}

TEST(TextTest, TheLongestPieceIsTakenFirst) {
  EXPECT_EQ(tokens_of("abba"), (IdList{5, 7}));
  EXPECT_EQ(tokens_of("abab"), (IdList{5, 14, 6}));
  EXPECT_EQ(tokens_of("abx"), (IdList{3}));
}

TEST(TextTest, AWordOfMoreThanAHundredCharactersIsUnknown) {
  EXPECT_EQ(tokens_of("a" + std::string(99, 'b')).size(), 99U);
  EXPECT_EQ(tokens_of("a" + std::string(100, 'b')), (IdList{3}));
  EXPECT_EQ(tokens_of(std::string(2000, 'a') + " 中"), (IdList{3, 8}));
}

TEST(TextTest, ASigmaThatEndsAWordIsFinal) {
  const IdList final = {15, 11};
  EXPECT_EQ(tokens_of("ΑΣ"), final);
  EXPECT_EQ(tokens_of("ΑΣ 中"), (IdList{15, 11, 8}));
  EXPECT_EQ(tokens_of("Σ"), (IdList{12}));
  EXPECT_EQ(tokens_of("ΑΣ\u00AD\u00AD"), final) << "ignored characters do not count";
  EXPECT_EQ(tokens_of("Α\u00ADΣ"), final);
  EXPECT_EQ(tokens_of("ΑΣ\u00ADa"), (IdList{15, 17, 14}));
}

TEST(TextTest, LookAlikesAreWhatTheyStandForWhereTheRuleSaysSo) {
  EXPECT_EQ(tokens_of("ａ", {true, true, true}), (IdList{4}));
  EXPECT_EQ(tokens_of("ａ"), (IdList{3}));
  EXPECT_EQ(tokens_of("É", {true, false, true}), (IdList{16}));
  EXPECT_EQ(tokens_of("é", {false, false, true}), (IdList{13}));
}

TEST(TextTest, WhatIsNoCharacterIsDropped) {
  EXPECT_EQ(tokens_of(std::string_view("a\xED\xA0\x80"
                                       "b",
                                       5)),
            (IdList{5}))
      << "half a character";
  EXPECT_EQ(tokens_of(std::string_view("a\xC0\xAF\xFF"
                                       "b",
                                       5)),
            (IdList{5}));
  EXPECT_EQ(tokens_of(std::string_view("a\xE4\xB8", 3)), (IdList{4})) << "a text that is cut";
  EXPECT_EQ(tokens_of(std::string_view("a\0b", 3)), (IdList{5}));
}

TEST(TextTest, TheFormOfATextDoesNotMatter) {
  const std::u32string wide = U"中 abé";
  const std::u16string units = u"中 abé";
  const IdList expected = tokens_of("中 abé");
  EXPECT_EQ(tokens_of({wide.data(), wide.size(), TextForm::kUcs4}), expected);
  EXPECT_EQ(tokens_of({units.data(), units.size(), TextForm::kUcs2}), expected);
  EXPECT_EQ(tokens_of({"a\xE9", 2, TextForm::kLatin1}), tokens_of("aé"));
}

TEST(TextTest, RulesHaveTheNamesOfManifests) {
  EXPECT_TRUE(text_rules("title_first", "nfkc").nfkc);
  EXPECT_EQ(text_rules("longest_first", "none").truncation, Truncation::kLongestFirst);
  EXPECT_THROW(text_rules("shortest_first", "none"), TokenizerError);
  EXPECT_THROW(text_rules("title_first", "nfc"), TokenizerError);
}

}  // namespace
}  // namespace tensor_service
