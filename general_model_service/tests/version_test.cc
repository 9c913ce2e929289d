// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The version that the contents of a manifest make, and where its files may lie. That Python makes
// the same is tests/general_model_service/test_versions.py's.

#include <gtest/gtest.h>

#include "bundle/canonical_json.h"
#include "bundle/manifest.h"
#include "bundle_copy.h"
#include "report/error.h"

namespace tensor_service {
namespace {

namespace fs = std::filesystem;

constexpr const char* kManifest = "manifest.json";
constexpr const char* kWeights = "serving_server/inference.predict.pdiparams";
constexpr const char* kVocabulary = "tokenizer/vocab.txt";

std::string refusal(const fs::path& path) {
  try {
    open_bundle(path);
  } catch (const BundleError& error) {
    return error.what();
  }
  return "opened";
}

std::string canonical(const std::string& value) {
  return canonical_fields("{\"x\": " + value + "}").at("x");
}

class VersionTest : public ::testing::Test {
 protected:
  void expect_refused(const std::string& words) const {
    const std::string text = refusal(copy_.root());
    EXPECT_NE(text.find(words), std::string::npos) << text;
  }
  // As older releases exported it.
  void become_schema_1() const {
    copy_.edit(kManifest, "\"schema\": 2", "\"schema\": 1");
    copy_.reseal();
  }

  BundleCopy copy_{"pairwise"};
};

TEST_F(VersionTest, OfSchema1IsThatOfTheFiles) {
  become_schema_1();
  const std::string version = open_bundle(copy_.root()).manifest->version;
  copy_.edit(kManifest, "\"max_seq_length\": 384", "\"max_seq_length\": 32");
  EXPECT_EQ(refusal(copy_.root()), "opened");
  // its hash mended, the version kept
  std::string weights = read_file(copy_.file(kWeights));
  const std::string before = sha256(weights);
  weights.back() = static_cast<char>(weights.back() ^ 1);
  write_file(copy_.file(kWeights), weights);
  copy_.edit(kManifest, before, sha256(weights));
  expect_refused("manifest.json: version \"" + version + "\" is not that of its contents, ");
  expect_refused(": somebody has edited the manifest; export the bundle again");
  copy_.reseal();
  EXPECT_EQ(refusal(copy_.root()), "opened");
}

TEST_F(VersionTest, OfSchema2CoversWhatDecidesScores) {
  EXPECT_EQ(refusal(copy_.root()), "opened");
  become_schema_1();
  copy_.edit(kManifest, "\"schema\": 1", "\"schema\": 2");
  expect_refused("is not that of its contents");
  copy_.reseal();
  EXPECT_EQ(refusal(copy_.root()), "opened");
  const std::string good = read_file(copy_.file(kManifest));
  for (const auto& [part, by] :
       {std::pair{"\"max_seq_length\": 384", "\"max_seq_length\": 32"},
        {"\"score_function\": \"sigmoid\"", "\"score_function\": \"identity\""},
        {"\"truncation\": \"longest_first\"", "\"truncation\": \"title_first\""},
        {"\"dtype\": \"int64\"", "\"dtype\": \"int32\""}}) {
    write_file(copy_.file(kManifest), replaced(good, part, by));
    expect_refused("is not that of its contents");
  }
}

TEST_F(VersionTest, OfSchema2LeavesOutTheSourceAndHowTheFileIsWritten) {
  copy_.edit(kManifest, "\"paddlepaddle\": \"2.6.2\"", "\"paddlepaddle\": \"3.0.0\"");
  EXPECT_EQ(refusal(copy_.root()), "opened");
  copy_.edit(kManifest, "\"logits\": \"logits\"", "\"log\\u0069ts\":\t\"\\u006Cogits\"");
  EXPECT_EQ(refusal(copy_.root()), "opened");
}

TEST_F(VersionTest, KeysOfANewerExportAreTaken) {
  copy_.edit(kManifest, "\"truncation\": \"longest_first\"", "\"truncation\": \"only_second\"");
  copy_.edit(kManifest, "\"schema\": 2", "\"schema\": 2, \"more\": {\"b\": 1, \"a\": []}");
  copy_.reseal();
  EXPECT_EQ(refusal(copy_.root()), "opened");
}

TEST_F(VersionTest, OfAKeyThatStandsTwiceTheLastCounts) {
  copy_.edit(kManifest, "\"schema\": 2", "\"schema\": 7, \"schema\": 2");
  EXPECT_EQ(refusal(copy_.root()), "opened");
  copy_.edit(kManifest, "\"feeds\": [", "\"schema\": 7, \"feeds\": [");
  EXPECT_EQ(refusal(copy_.root()), "opened");
  write_file(copy_.file(kManifest), replaced(read_file(copy_.file(kManifest)), "  \"version\"",
                                             "  \"schema\": 7, \"version\""));
  expect_refused("schema 7 is not one of 1, 2");
}

TEST_F(VersionTest, ALinkOutOfTheBundleIsRefused) {
  const fs::path outside = copy_.root().parent_path();
  fs::rename(copy_.file(kVocabulary), outside / "vocab.txt");
  fs::create_symlink(outside / "vocab.txt", copy_.file(kVocabulary));
  expect_refused("vocab.txt: a link leads out of the bundle, to a file that may change");
  fs::remove(copy_.file(kVocabulary));
  fs::rename(outside / "vocab.txt", copy_.file(kVocabulary));
  EXPECT_EQ(refusal(copy_.root()), "opened");
  fs::rename(copy_.file("tokenizer"), outside / "tokenizer");
  fs::create_directory_symlink("tokenizer", outside / "hop");
  fs::create_directory_symlink("../hop", copy_.file("tokenizer"));
  expect_refused("a link leads out of the bundle");
}

TEST_F(VersionTest, LinksWithinAreLegal) {
  fs::create_directory(copy_.file("words"));
  fs::rename(copy_.file(kVocabulary), copy_.file("words/vocab.txt"));
  fs::create_symlink("../words/vocab.txt", copy_.file(kVocabulary));
  EXPECT_EQ(refusal(copy_.root()), "opened");
  fs::rename(copy_.file("serving_server"), copy_.file("graphs"));
  fs::create_directory_symlink("graphs", copy_.file("serving_server"));
  EXPECT_EQ(refusal(copy_.root()), "opened");
  EXPECT_EQ(refusal(copy_.file("serving_server")), "opened");
}

TEST_F(VersionTest, AMountedConfigMapIsLegal) {
  const fs::path mount = copy_.root().parent_path() / "mount";
  fs::create_directory(mount);
  fs::rename(copy_.root(), mount / "..2026_11_29");
  fs::create_directory_symlink("..2026_11_29", mount / "..data");
  for (const auto& entry : fs::directory_iterator(mount / "..2026_11_29")) {
    fs::create_symlink("..data" / entry.path().filename(), mount / entry.path().filename());
  }
  EXPECT_EQ(refusal(mount), "opened");
  EXPECT_EQ(refusal(mount / "serving_server"), "opened");
}

TEST(CanonicalJson, WritesNumbersAsPython) {
  for (const auto& [read, written] : {std::pair{"-0", "0"},
                                      {"12345678901234567890123", "12345678901234567890123"},
                                      {"1.0", "1.0"},
                                      {"-0.0", "-0.0"},
                                      {"1E5", "100000.0"},
                                      {"1e15", "1000000000000000.0"},
                                      {"1e16", "1e+16"},
                                      {"123456789012345678.0", "1.2345678901234568e+17"},
                                      {"0.0001", "0.0001"},
                                      {"0.00001", "1e-05"},
                                      {"12.50", "12.5"},
                                      {"0.00012", "0.00012"},
                                      {"5e-324", "5e-324"},
                                      {"1e-999", "0.0"},
                                      {"-1e-999", "-0.0"},
                                      {"1e999", "Infinity"},
                                      {"-1e999", "-Infinity"},
                                      {"0.1", "0.1"},
                                      {"100.25", "100.25"}}) {
    EXPECT_EQ(canonical(read), written);
  }
}

TEST(CanonicalJson, WritesTextAndOrderAsPython) {
  EXPECT_EQ(canonical(R"("\u0000\u001F\u007f\b\f\n\r\t\"\\\/ é \u2028 \ud83d\ude00")"),
            "\"\\u0000\\u001f\x7f\\b\\f\\n\\r\\t\\\"\\\\/ é \u2028 😀\"");
  EXPECT_EQ(canonical("{ \"b\" : [ ] , \"a\" : { } , \"B\": [ true, null ,false] }"),
            R"({"B":[true,null,false],"a":{},"b":[]})");
  // by code points, not by halves of surrogate pairs; of a key that stands twice the last counts
  EXPECT_EQ(canonical("{\"\U0001F600\": 1, \"\uFFFD\": 2, \"a\": 3, \"\\u0061\": 4}"),
            "{\"a\":4,\"\uFFFD\":2,\"\U0001F600\":1}");
}

TEST(CanonicalJson, RefusesWhatIsNoJson) {
  for (const char* text :
       {"NaN",         "Infinity",     "01",        "1.",       "+1",  "'a'",   "[1,]",
        "[1 2]",       "{\"a\":1,}",   "{\"a\" 1}", "{1:2}",    "tru", "nulll", "\"\\ud800\"",
        "\"\\udc00\"", "\"\\ud800a\"", "\"\n\"",    "\"\xff\"", "",    "1, 2",  "[1",
        "1}"}) {
    EXPECT_THROW(canonical(text), CallError) << text;
  }
  EXPECT_THROW(canonical(std::string(4301, '9')), CallError);
  EXPECT_EQ(canonical(std::string(4300, '9')).size(), 4300U);
}

}  // namespace
}  // namespace tensor_service
