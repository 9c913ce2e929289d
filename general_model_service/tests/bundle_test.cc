// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "bundle/bundle.h"

#include <gtest/gtest.h>

#include "bundle_copy.h"

namespace tensor_service {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConf = "serving_server/serving_server_conf.prototxt";
constexpr const char* kModel = "serving_server/inference.predict.pdmodel";
constexpr const char* kWeights = "serving_server/inference.predict.pdiparams";

// Why the bundle was refused; "opened" when it was not.
std::string refusal(const fs::path& path) {
  try {
    open_bundle(path);
  } catch (const BundleError& error) {
    return error.what();
  }
  return "opened";
}

class BundleTest : public ::testing::Test {
 protected:
  void expect_refused(const std::string& file, const std::string& words) const {
    const std::string text = refusal(copy_.root());
    EXPECT_NE(text.find(copy_.file(file).string()), std::string::npos) << text;
    EXPECT_NE(text.find(words), std::string::npos) << text;
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
  }

  void become_upstreams() const {
    fs::remove(copy_.file("manifest.json"));
    fs::remove(copy_.file("golden.jsonl"));
  }

  BundleCopy copy_{"pairwise"};
};

TEST_F(BundleTest, OpensByEitherDirectory) {
  const fs::path link = copy_.root().parent_path() / "current";
  fs::create_directory_symlink(copy_.root(), link);
  const fs::path server_link = copy_.root().parent_path() / "server";
  fs::create_directory_symlink(copy_.file("serving_server"), server_link);
  for (const fs::path& path :
       {copy_.root(), copy_.file(""), copy_.file("serving_server"), copy_.file("serving_server/"),
        link, link / "", link / "serving_server", server_link, server_link / ""}) {
    const Bundle bundle = open_bundle(path);
    EXPECT_EQ(bundle.root, fs::canonical(copy_.root())) << path;
    EXPECT_EQ(bundle.server_dir, bundle.root / "serving_server") << path;
    EXPECT_EQ(bundle.model, bundle.root / kModel) << path;
    EXPECT_TRUE(bundle.manifest.has_value()) << path;
  }
}

TEST_F(BundleTest, ReadsWhatPrototxtAndManifestSay) {
  const Bundle bundle = open_bundle(copy_.root());
  ASSERT_EQ(bundle.feeds.size(), 2U);
  EXPECT_EQ(bundle.feeds[0].name, "input_ids");
  EXPECT_EQ(bundle.feeds[1].alias, "token_type_ids");
  EXPECT_EQ(bundle.feeds[1].type, ElemType::kInt64);
  EXPECT_TRUE(bundle.feeds[1].shape.empty());
  ASSERT_EQ(bundle.fetches.size(), 2U);
  EXPECT_EQ(bundle.fetches[1].alias, "logits");
  EXPECT_EQ(bundle.fetches[1].type, ElemType::kFp32);
  EXPECT_EQ(bundle.fetches[1].shape, Shape{1});
  EXPECT_EQ(bundle.manifest->ranker, "pairwise");
  EXPECT_EQ(bundle.manifest->score_function, "sigmoid");
  EXPECT_EQ(bundle.manifest->logits, "logits");
  EXPECT_EQ(bundle.manifest->precision, "fp32");
  EXPECT_EQ(bundle.manifest->max_seq_length, 384);
  EXPECT_EQ(bundle.manifest->version.size(), 12U);
}

TEST_F(BundleTest, OpensAnUpstreamDirectoryOfAnyName) {
  become_upstreams();
  fs::rename(copy_.file("serving_server"), copy_.file("my_model"));
  const Bundle bundle = open_bundle(copy_.file("my_model"));
  EXPECT_FALSE(bundle.manifest.has_value());
  EXPECT_EQ(bundle.feeds.size(), 2U);
}

TEST_F(BundleTest, ReadsTheBinaryConfWhereTheTextIsAbsent) {
  become_upstreams();
  const Bundle text = open_bundle(copy_.root());
  fs::remove(copy_.file(kConf));
  const Bundle binary = open_bundle(copy_.root());
  ASSERT_EQ(binary.fetches.size(), text.fetches.size());
  EXPECT_EQ(binary.fetches[1].name, text.fetches[1].name);
  EXPECT_EQ(binary.fetches[1].type, text.fetches[1].type);
  EXPECT_EQ(binary.fetches[1].shape, text.fetches[1].shape);
}

TEST_F(BundleTest, RefusesWhatIsNoBundle) {
  EXPECT_NE(refusal("/no/such/bundle").find("/no/such/bundle: no such directory"),
            std::string::npos);
  EXPECT_NE(refusal(copy_.file(kModel)).find("no such directory"), std::string::npos);
  EXPECT_NE(refusal(copy_.file("tokenizer")).find("no serving_server_conf.prototxt"),
            std::string::npos);
}

TEST_F(BundleTest, RefusesADamagedByte) {
  std::string weights = read_file(copy_.file(kWeights));
  weights[weights.size() / 2] = static_cast<char>(weights[weights.size() / 2] ^ 1);
  write_file(copy_.file(kWeights), weights);
  expect_refused(kWeights, "damaged");
}

TEST_F(BundleTest, RefusesAMissingFile) {
  fs::remove(copy_.file("tokenizer/vocab.txt"));
  expect_refused("tokenizer/vocab.txt", "missing");
  fs::create_directory(copy_.file("tokenizer/vocab.txt"));
  expect_refused("tokenizer/vocab.txt", "missing");
}

TEST_F(BundleTest, RefusesManifestsItDoesNotUnderstand) {
  const std::string good = read_file(copy_.file("manifest.json"));
  const auto with = [&](std::string_view part, std::string_view by) {
    write_file(copy_.file("manifest.json"), replaced(good, part, by));
  };
  for (const char* schema : {"0", "3", "-1"}) {
    with("\"schema\": 2", std::string("\"schema\": ") + schema);
    expect_refused("manifest.json", std::string("schema ") + schema + " is not one of 1, 2; serve");
  }
  for (const char* schema : {"2.0", "\"2\"", "true", "[2]", "99999999999999999999"}) {
    with("\"schema\": 2", std::string("\"schema\": ") + schema);
    expect_refused("manifest.json", "schema: of another type");
  }
  with("\"schema\": 2,", "");
  expect_refused("manifest.json", "schema: missing");
  with("\"version\": \"", "\"version\": 7, \"x\": \"");
  expect_refused("manifest.json", "version: of another type");
  with("\"precision\": \"fp32\"", "\"precision\": \"fp8\"");
  expect_refused("manifest.json", "precision \"fp8\"");
  // what the version covers, as an export of another release might state it
  with("\"score_function\": \"sigmoid\"", "\"score_function\": \"tanh\"");
  copy_.reseal();
  expect_refused("manifest.json", "score_function \"tanh\"");
  with("\"score_function\": \"sigmoid\"", "\"score_function\": \"softmax_positive\"");
  copy_.reseal();
  expect_refused("manifest.json", "of shape [2]");
  with("\"logits\": \"logits\"", "\"logits\": \"logit\"");
  copy_.reseal();
  expect_refused("manifest.json", "needs an output \"logit\"");
  for (const std::string& text :
       {std::string(), good.substr(0, good.size() / 2), std::string("[1]"), std::string("\xff\xfe"),
        good + "{}", "\xEF\xBB\xBF" + good, replaced(good, "\"schema\": 2", "\"schema\": 2 1"),
        replaced(good, "\"schema\": 2", "\"x\": \"\\udc00\""),
        replaced(good, "\"schema\": 2", "\"x\": NaN")}) {
    write_file(copy_.file("manifest.json"), text);
    expect_refused("manifest.json", "export the bundle again");
  }
}

TEST_F(BundleTest, RefusesNamesOutsideTheBundle) {
  const std::string good = read_file(copy_.file("manifest.json"));
  write_file(copy_.root().parent_path() / "secret", "secret");
  for (const char* name : {"../secret", "tokenizer/../../secret", "/etc/hostname", "", ".", "..",
                           "./golden.jsonl", "tokenizer/../x", "tokenizer//x", "x/", "a\\\\b"}) {
    const std::string entry = "\"" + std::string(name) + "\": \"" + sha256("secret") + "\", ";
    write_file(copy_.file("manifest.json"), replaced(good, "\"files\": {", "\"files\": {" + entry));
    expect_refused("manifest.json", "is no path inside the bundle");
  }
}

TEST_F(BundleTest, RefusesFilesThatTheManifestDoesNotVouchFor) {
  const std::string good = read_file(copy_.file("manifest.json"));
  const auto without = [&](const std::string& name) {
    const std::string text = read_file(copy_.file(name));
    write_file(copy_.file("manifest.json"), good);
    copy_.remove_listed(name);
    return text;
  };
  for (const char* name : {kConf, "golden.jsonl", "tokenizer/vocab.txt"}) {
    const std::string text = without(name);
    expect_refused("manifest.json", std::string("files: \"") + name + "\" is not among them, so");
    write_file(copy_.file(name), text);
  }
  for (const char* name : {kModel, kWeights, "tokenizer/tokenizer_config.json"}) {
    const std::string text = without(name);
    write_file(copy_.file(name), text);
    expect_refused(name, "is not among the manifest's files, and would be read; remove it");
  }
  without(kWeights);
  expect_refused(kWeights, "is not among the files of");
}

TEST_F(BundleTest, RefusesGraphsThatNothingHashes) {
  fs::create_directory(copy_.file("serving_server/paddle3"));
  for (const char* name : {"other.pdmodel", "__model__", "__params__", "paddle3/x.bin", "x.json"}) {
    const fs::path file = copy_.file("serving_server") / name;
    write_file(file, "x");
    expect_refused("serving_server/" + std::string(name), "is not among the manifest's files");
    fs::remove(file);
  }
  for (const char* name : {"NOTES.md", "serving_server/README", "serving_server/.x.bin"}) {
    write_file(copy_.file(name), "of ours");
  }
  EXPECT_EQ(refusal(copy_.root()), "opened");
}

TEST_F(BundleTest, PicksTheModelByThePrecision) {
  const fs::path xml = copy_.file("serving_server/quantized.xml");
  become_upstreams();
  write_file(xml, "<net/>");
  EXPECT_EQ(open_bundle(copy_.root()).model.filename(), "inference.predict.pdmodel");
  fs::remove(copy_.file(kModel));
  EXPECT_EQ(open_bundle(copy_.root()).model.filename(), "quantized.xml");
  write_file(copy_.file("serving_server/another.xml"), "<net/>");
  expect_refused("serving_server", "both another.xml and quantized.xml");
  fs::remove(xml);
  fs::remove(copy_.file("serving_server/another.xml"));
  expect_refused("serving_server", "no .pdmodel");
}

TEST_F(BundleTest, TakesTheOnnxWhereNoPdmodelIs) {
  const BundleCopy copy("all_graphs", "tests/fixtures");
  EXPECT_EQ(open_bundle(copy.root()).model.filename(), "inference.predict.pdmodel");
  copy.remove_listed(kModel);
  EXPECT_EQ(open_bundle(copy.root()).model.filename(), "inference.predict.onnx");
  copy.remove_listed("serving_server/inference.predict.onnx");
  EXPECT_NE(refusal(copy.root()).find("no .pdmodel (Paddle 2), no .onnx"), std::string::npos);
}

TEST_F(BundleTest, RefusesAProgramOfPaddle3ByName) {
  become_upstreams();
  fs::rename(copy_.file(kModel), copy_.file("serving_server/inference.json"));
  expect_refused("serving_server",
                 "holds a program of Paddle 3 only (inference.json), which OpenVINO");
  fs::remove(copy_.file(kWeights));
  expect_refused("serving_server", "no .pdmodel (Paddle 2), no .onnx");
}

TEST_F(BundleTest, AQuantizedBundleServesItsXml) {
  write_file(copy_.file("serving_server/quantized.xml"), "<net/>");
  copy_.edit("manifest.json", "\"precision\": \"fp32\"", "\"precision\": \"int8\"");
  copy_.reseal();
  expect_refused("serving_server/quantized.xml", "is not among the manifest's files");
  const auto list = [&](const std::string& name, const std::string& text) {
    write_file(copy_.file(name), text);
    copy_.edit("manifest.json", "\"files\": {",
               "\"files\": {\"" + name + "\": \"" + sha256(text) + "\",");
    copy_.reseal();
  };
  list("serving_server/quantized.xml", "<net/>");
  expect_refused("serving_server/quantized.bin", "is not among the files of");
  list("serving_server/quantized.bin", "weights");
  EXPECT_EQ(open_bundle(copy_.root()).model.filename(), "quantized.xml");
}

TEST_F(BundleTest, KnowsEveryElementType) {
  become_upstreams();
  const std::string good = read_file(copy_.file(kConf));
  for (int type = 0; type < 10; ++type) {
    write_file(copy_.file(kConf),
               replaced(good, "feed_type: 0", "feed_type: " + std::to_string(type)));
    EXPECT_EQ(open_bundle(copy_.root()).feeds[0].type, static_cast<ElemType>(type));
  }
  write_file(copy_.file(kConf), replaced(good, "feed_type: 0", "feed_type: 20"));
  expect_refused(kConf, "input_ids: this engine cannot feed strings");
  write_file(copy_.file(kConf), replaced(good, "feed_type: 0", "feed_type: 11"));
  expect_refused(kConf, "input_ids: element type 11");
}

TEST_F(BundleTest, RefusesConfsItDoesNotUnderstand) {
  become_upstreams();
  const std::string good = read_file(copy_.file(kConf));
  const auto with = [&](std::string_view part, std::string_view by) {
    write_file(copy_.file(kConf), replaced(good, part, by));
  };
  with("feed_type: 0\n", "feed_type: zero\n");
  expect_refused(kConf, "line 5: ");
  with("feed_var", "feeds_var");
  expect_refused(kConf, "line 1: ");
  with("shape: 1", "shape: -2");
  expect_refused(kConf, "predict: shape [-2]");
  with("alias_name: \"token_type_ids\"", "alias_name: \"input_ids\"");
  expect_refused(kConf, "token_type_ids: two feeds have this name or alias");
  with("name: \"predict\"\n  alias", "name: \"\"\n  alias");
  expect_refused(kConf, "a variable has no name");
  write_file(copy_.file(kConf), "");
  expect_refused(kConf, "declares no feeds");
  write_file(copy_.file("serving_server/serving_server_conf.stream.prototxt"), "\xff\xff");
  fs::remove(copy_.file(kConf));
  expect_refused("serving_server/serving_server_conf.stream.prototxt", "not a Paddle Serving");
}

TEST_F(BundleTest, AnAliasMayBeAbsent) {
  become_upstreams();
  copy_.edit(kConf, "alias_name: \"token_type_ids\"\n", "");
  EXPECT_EQ(open_bundle(copy_.root()).feeds[1].alias, "token_type_ids");
}

}  // namespace
}  // namespace tensor_service
