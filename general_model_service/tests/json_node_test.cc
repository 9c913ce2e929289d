// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Documents as Python's json takes and refuses them; tests/general_model_service/test_texts.py
// holds more of them to Python itself.

#include "json/json_node.h"

#include <gtest/gtest.h>

#include "json/python_text.h"
#include "json/utf8.h"

namespace tensor_service {
namespace {

std::string refusal(std::string_view body) {
  try {
    read_json_object(body);
  } catch (const JsonError& error) {
    return error.what();
  }
  return "read";
}

std::string written(std::string_view json) {
  std::string out;
  append_json(out, read_json(json));
  return out;
}

TEST(JsonNode, KeepsTheOrderOfKeysAndTheDigitsOfNumbers) {
  EXPECT_EQ(written(R"( {"b": [1, -0, 12345678901234567890], "a": {"c": null}} )"),
            R"({"b":[1,0,12345678901234567890],"a":{"c":null}})");
  EXPECT_EQ(written("[1.50, 1e16, 1e-5, 0.0001, -0.0, 1e999, true, false]"),
            "[1.5,1e+16,1e-05,0.0001,-0.0,Infinity,true,false]");
}

TEST(JsonNode, JoinsSurrogatesAndKeepsLoneOnes) {
  EXPECT_EQ(read_json(R"("\ud83d\ude00")").text, "😀");
  EXPECT_TRUE(has_lone_surrogate(read_json(R"("a\ud800b")").text));
  EXPECT_FALSE(has_lone_surrogate(read_json(R"("\ud7ff\ue000")").text));
}

TEST(JsonNode, TellsWhereADocumentIsWrong) {
  EXPECT_EQ(refusal("{"),
            "not JSON (Expecting property name enclosed in double quotes: line 1 "
            "column 2 (char 1))");
  EXPECT_EQ(refusal("{\"中\": 1,\n \"文\": }"),
            "not JSON (Expecting value: line 2 column 7 (char 15))");
  EXPECT_EQ(refusal(R"({"a": 1} x)"), "not JSON (Extra data: line 1 column 10 (char 9))");
  EXPECT_EQ(refusal(R"({"a": "\u12"})"),
            "not JSON (Invalid \\uXXXX escape: line 1 column 9 (char 8))");
  EXPECT_EQ(refusal("{\"a\": \"\xE4\xB8\"}"), "not UTF-8 at byte 7");
  EXPECT_EQ(refusal("[]"), "must be a JSON object");
}

TEST(JsonNode, RefusesWhatNobodyMeans) {
  EXPECT_EQ(refusal(R"({"a": 1, "b": 2, "a": 3})"), "not JSON (the key 'a' stands twice)");
  EXPECT_EQ(refusal(R"({"a": NaN})"), "not JSON (NaN is no JSON value)");
  EXPECT_EQ(refusal("{\"a\": " + std::string(33, '1') + "}"), "not JSON (a number has 33 digits)");
  EXPECT_EQ(refusal(std::string(100'000, '[')), "nested too deeply");
}

TEST(JsonNode, TheLastOfTwoKeysCountsWhereThatIsAllowed) {
  const JsonNode node = read_json(R"({"a": 1, "b": 2, "a": 3})", {.keys_once = false});
  ASSERT_EQ(node.items.size(), 2U);
  EXPECT_EQ(node.items[0].key, "a");
  EXPECT_EQ(node.items[0].text, "3");
}

TEST(JsonNode, AWholeNumberBeyondTheRangeIsTheNearest) {
  EXPECT_EQ(read_json("99999999999999999999").whole(), INT64_MAX);
  EXPECT_EQ(read_json("-99999999999999999999").whole(), INT64_MIN);
  EXPECT_TRUE(read_json("0.0").is_zero());
  EXPECT_FALSE(read_json("null").is_zero());
}

TEST(PythonText, ShowsValuesAsReprDoes) {
  EXPECT_EQ(python_repr("it's", 40), "\"it's\"");
  EXPECT_EQ(python_repr("it's \"so\"", 40), "'it\\'s \"so\"'");
  EXPECT_EQ(python_repr("a\n\x7f\xE2\x80\x8B中", 40), "'a\\n\\x7f\\u200b中'");
  EXPECT_EQ(python_repr(read_json(R"([1, 2.0, {"a": [true, null]}, 1e999])"), 80),
            "[1, 2.0, {'a': [True, None]}, inf]");
  EXPECT_EQ(python_repr(std::string(100, 'x'), 5), "'xxxx");
}

TEST(PythonText, EscapesAsJsonDumpsDoes) {
  EXPECT_EQ(json_text("a\"\\\b\f\n\r\t\x01\x7f中"), "\"a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\x7f中\"");
  EXPECT_EQ(ascii_json_text("中😀\x7f"), R"("\u4e2d\ud83d\ude00\u007f")");
  EXPECT_EQ(with_escaped_surrogates(read_json(R"("a\ud800")").text), "a\\ud800");
}

TEST(PythonText, KnowsBlanksOfAllScripts) {
  EXPECT_TRUE(is_blank(" \t\n\x1c\xC2\xA0\xE3\x80\x80"));
  EXPECT_FALSE(is_blank("\xE2\x80\x8B"));
  EXPECT_EQ(stripped(" \xE3\x80\x80 a b\n"), "a b");
  EXPECT_FALSE(is_printable("a\x07"));
  EXPECT_TRUE(is_printable("中 a"));
}

}  // namespace
}  // namespace tensor_service
