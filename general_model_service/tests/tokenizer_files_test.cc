// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Tokenizer directories: what is read as Python reads it, and what is refused by name.

#include "text/tokenizer_files.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "text/pair_encoder.h"

namespace tensor_service {
namespace {

class TokenizerFilesTest : public ::testing::Test {
 protected:
  TokenizerFilesTest() {
    std::string pattern = ::testing::TempDir() + "tokenizerXXXXXX";
    folder_ = mkdtemp(pattern.data());
    write("vocab.txt", "[PAD]\n[CLS]\n[SEP]\n[UNK]\na\n##a\nA\n°\n");
  }
  ~TokenizerFilesTest() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
  }

  // Of a row without a query.
  std::vector<std::int64_t> title_ids(const std::string& title) const {
    const TextPair pair{"", title};
    const EncodedRows rows = PairEncoder::load(folder_, 32, {}).encode_pairs({&pair, 1});
    return {rows.ids.begin() + 2, rows.ids.end() - 1};
  }

  void expect_refusal(const std::string& part) const {
    try {
      PairEncoder::load(folder_, 32, {});
      ADD_FAILURE() << "loaded; expected " << part;
    } catch (const TokenizerError& error) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    }
  }

  std::filesystem::path folder_;
};

using IdList = std::vector<std::int64_t>;

TEST_F(TokenizerFilesTest, WithoutAConfigLettersAreSmall) {
  EXPECT_EQ(title_ids("aA"), (IdList{4, 5}));
  EXPECT_EQ(title_ids("a°"), (IdList{4, 7}));
}

TEST_F(TokenizerFilesTest, TheConfigSaysWhatIsKept) {
  write("tokenizer_config.json", R"({"do_lower_case": 0, "symbols_alone": true})");
  EXPECT_EQ(title_ids("A"), (IdList{6}));
  write("tokenizer_config.json", R"({"do_lower_case": false, "do_lower_case": "yes"})");
  EXPECT_EQ(title_ids("A"), (IdList{4})) << "the last of two counts";
  write("tokenizer_config.json", R"({"symbols_alone": null})");
  EXPECT_EQ(title_ids("a°"), (IdList{3})) << "a symbol within a word";
}

TEST_F(TokenizerFilesTest, EndsOfLinesAreThoseOfAnySystem) {
  write("vocab.txt", "[PAD]\r\n[CLS]\r[SEP]\r\n[UNK]\na\n\n##a\r\n\n\n");
  EXPECT_EQ(title_ids("aa"), (IdList{4, 6}));
}

TEST_F(TokenizerFilesTest, OfATokenThatStandsTwiceTheLastCounts) {
  write("vocab.txt", "[PAD]\n[CLS]\n[SEP]\n[UNK]\na\nb\na\n");
  EXPECT_EQ(title_ids("a b"), (IdList{6, 5}));
}

TEST_F(TokenizerFilesTest, DamagedFilesAreNamed) {
  write("tokenizer_config.json", "{");
  expect_refusal("tokenizer_config.json: cannot read the tokenizer config");
  write("tokenizer_config.json", "[]");
  expect_refusal("cannot read the tokenizer config");
  write("tokenizer_config.json", "{}");
  write("vocab.txt", "[PAD]\n[CLS]\n");
  expect_refusal("vocab.txt: the vocabulary lacks [SEP], [UNK]");
  write("vocab.txt", "\xFF\xFE");
  expect_refusal("it is no UTF-8");
  std::filesystem::remove(folder_ / "vocab.txt");
  expect_refusal("cannot read the vocabulary");
}

TEST_F(TokenizerFilesTest, TokenizersOfSentencePiecesAreRefusedByName) {
  write("tokenizer_config.json", R"({"tokenizer_class": "ErnieTinyTokenizer"})");
  expect_refusal("ERNIE-tiny");
  write("tokenizer_config.json", R"({"tokenizer_class": "XLMRobertaTokenizerFast"})");
  expect_refusal("XLM-RoBERTa");
  write("spm_cased_simp_sampled.model", "");
  write("tokenizer_config.json", R"({"tokenizer_class": "ErnieTokenizer"})");
  EXPECT_EQ(title_ids("a"), (IdList{4})) << "its class says more than a file";
  write("tokenizer_config.json", R"({"tokenizer_class": null})");
  expect_refusal("ERNIE-tiny");
  write("sentencepiece.bpe.model", "");
  expect_refusal("XLM-RoBERTa");
}

}  // namespace
}  // namespace tensor_service
