// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Bodies of other re-rankers' clients and the gateway's, read and refused. What both servers make
// of them is compared by tests/general_model_service/test_texts.py.

#include <gtest/gtest.h>

#include "ranking/prediction.h"
#include "ranking/rank_response.h"
#include "ranking/rerank_answer.h"
#include "ranking/rerank_request.h"
#include "ranking/text_headers.h"
#include "ranking/text_route.h"
#include "ranking/wire_values.h"

namespace tensor_service {
namespace {

// "field: message" of the refusal, or "taken".
std::string refusal(std::string_view json) {
  JsonNode body = read_json_object(json);
  std::deque<std::string> made;
  try {
    read_rerank(body, made).request({.max_documents = 3, .max_document_chars = 5});
  } catch (const RankingError& error) {
    return error.text();
  }
  return "taken";
}

std::string decoded(std::string_view text) {
  std::string out;
  append_json(out, decode_value(text, "field"));
  return out;
}

TEST(Rerank, NamesWhatIsWrongInTheWordsOfTheShape) {
  EXPECT_EQ(refusal(R"({"query": "q", "documents": ["a", 7]})"),
            "documents[1]: must be a string, got int");
  EXPECT_EQ(refusal(R"({"query": "q", "texts": ["a", 7]})"), "texts[1]: must be a string, got int");
  EXPECT_EQ(refusal(R"({"query": "q", "texts": ["一二三四五六"]})"),
            "texts[0]: 6 characters, at most 5 allowed");
  EXPECT_EQ(refusal(R"({"query": "q", "documents": ["a", "b", "c", "d"]})"),
            "documents: 4 documents, at most 3 allowed");
  EXPECT_EQ(refusal(R"({"query": "q", "documents": ["a"], "top_k": 1, "top_n": 1})"),
            "top_k: send top_n or top_k, not both");
}

TEST(Rerank, TakesTheWordsOfClientsForAll) {
  for (const char* word : {R"("top_n": 0)", R"("top_k": -1)", R"("max_tokens_per_doc": 0)",
                           R"("max_chunks_per_doc": 1024)", R"("top_n": null)"}) {
    EXPECT_EQ(refusal(R"({"query": "q", "documents": ["a"], )" + std::string(word) + "}"), "taken")
        << word;
  }
}

TEST(Rerank, WritesErrorsForEachClient) {
  const RankingError error(Fault::kInvalidField, "wrong", "documents[3].a");
  EXPECT_EQ(rerank_error_json(error, {}),
            R"({"error":{"code":"invalid_field","message":"wrong","field":"documents[3].a"},)"
            R"("message":"documents[3].a: wrong","detail":[{"loc":["body","documents",3,"a"],)"
            R"("msg":"wrong","type":"invalid_field"}]})");
  EXPECT_EQ(rerank_error_json(error, {.bare = true}),
            R"({"error":"documents[3].a: wrong","error_type":"Validation","code":"invalid_field",)"
            R"("message":"wrong","field":"documents[3].a"})");
  EXPECT_EQ(rerank_error_json({Fault::kOverloaded, "later"}, {.voyage = true}),
            R"({"error":"later","detail":"later","code":"overloaded","message":"later"})");
}

TEST(Rerank, HeadersHoldTextOfAnyScript) {
  EXPECT_EQ(header_text("a b%中~"), "a%20b%25%E4%B8%AD~");
}

TEST(WireValues, ReadJsonAndTheLiteralsThatClientsSend) {
  EXPECT_EQ(decoded(R"({"a": 1, "a": 2})"), R"({"a":2})");
  EXPECT_EQ(decoded(R"({'query': 'it\'s', "title": "\x41\u4e2d\q"})"),
            R"({"query":"it's","title":"A中\\q"})");
  EXPECT_EQ(decoded("array(['a', 'b'],\n      dtype='<U1')"), R"(["a","b"])");
  EXPECT_EQ(decoded(" True "), "true");
  for (const char* wrong : {"1+1", "['a' 'b']", "{'a'}", "array([1])", "['a", "['\\x4']"}) {
    EXPECT_THROW(decode_value(wrong, "field"), RankingError) << wrong;
  }
  EXPECT_EQ(plain_value("array(['a'], dtype='<U1')", "query").text, "a");
  EXPECT_EQ(plain_value("array", "query").text, "array");
  EXPECT_THROW(plain_value("array(['a', 'b'], dtype='<U1')", "query"), RankingError);
}

TEST(WireValues, TellWhatNumpyPrintsAsPythonDoes) {
  // a text that is such a print is decoded, and then refused
  const auto is_print = [](const std::string& text) {
    try {
      return plain_value(text, "query").text != text;
    } catch (const RankingError&) {
      return true;
    }
  };
  for (const char* print :
       {"array([])", "array([1, 2])", " array([1],\n dtype=int64) ", "array([[1], [2]], dtype=x)",
        "array([1], dtype=)", "array([1], dtype=a, dtype=b)",
        "array([1],　dtype=a], dtype=b"
        ", c)",
        "array([')'], dtype=object)"}) {
    EXPECT_TRUE(is_print(print)) << print;
  }
  for (const char* text :
       {"array", "array([)", "array([1]", "array([1] , dtype=x)", "array([1] dtype=x)",
        "array([1],, dtype=x)", "array([1], dtype=(x))", "array([1], type=x)", "array([dtype=)"}) {
    EXPECT_FALSE(is_print(text)) << text;
  }
}

// Each place where one might end is looked at once, or this takes minutes.
TEST(WireValues, TakeAnyNumberOfTypesInATextThatIsNearlyAPrint) {
  std::string text = "array([";
  for (int i = 0; i < 700'000; ++i) {
    text += "dtype=";
  }
  text += ')';
  EXPECT_EQ(plain_value(text, "query").text, text);
}

// A key is not compared with all before it, or this takes minutes.
TEST(WireValues, TheLastOfAKeyCountsWhereTheFirstStood) {
  EXPECT_EQ(decoded("{'a': '1', 'b': '2', 'a': '3', 'b': '4', 'c': '5', 'a': '6'}"),
            R"({"a":"6","b":"4","c":"5"})");
  constexpr int kKeys = 500'000;
  std::string text = "{";
  for (int i = 0; i < kKeys; ++i) {
    text += "'" + std::to_string(i) + "':'',";
  }
  EXPECT_EQ(decode_value(text + "'0':'x'}", "field").items.size(), std::size_t{kKeys});
}

TEST(WireValues, SpacesOfOtherScriptsAreFoundAndRefused) {
  EXPECT_EQ(decoded("[ 'a'\t,\f'b' ]"), R"(["a","b"])");
  for (const char* blank : {"\u3000", "\u00a0", "\v", "\x1c"}) {
    try {
      decode_value("['a'," + std::string(blank) + "'b']", "field");
      ADD_FAILURE() << "taken";
    } catch (const RankingError& error) {
      EXPECT_TRUE(error.message.starts_with("not a Python literal")) << error.message;
    }
  }
}

TEST(WireValues, TheSignIsNoDigit) {
  const std::string most(4300, '1');
  EXPECT_EQ(decoded(most), most);
  EXPECT_EQ(decoded("-" + most), "-" + most);
  EXPECT_THROW(decoded("-1" + most), RankingError);
}

TEST(Prediction, SaysWhatItsValuesTakeBeforeItDecodesThem) {
  const auto told = [](const std::string& value) {
    JsonNode body =
        read_json_object(R"({"key": ["query", "documents"], "value": ["q", ")" + value + "\"]}");
    std::deque<JsonNode> made;
    std::size_t bytes = 0;
    const auto refuse = [&](std::size_t more) {
      bytes = more;
      throw CallError(Status::kCrowded, "full");
    };
    EXPECT_THROW(read_prediction(body, "ranker", {}, made, refuse), CallError);
    EXPECT_TRUE(made.empty());
    return bytes;
  };
  // commas that JSON spells otherwise, and those of Python's literals
  EXPECT_GE(told(R"([1\u002c1\u002c1\u002c1])"), 15 * sizeof(JsonNode));
  EXPECT_GE(told("['a','b','c','d']"), 15 * sizeof(JsonNode));
  EXPECT_LT(told("[1]"), 12 * sizeof(JsonNode));
}

TEST(Prediction, KeysAreNumbersInAnyScript) {
  JsonNode body = read_json_object(R"({"key": ["１"], "value": ["{}"]})");
  std::deque<JsonNode> made;
  try {
    read_prediction(body, "ranker", {}, made, [](std::size_t) {});
    ADD_FAILURE() << "taken";
  } catch (const RankingError& error) {
    EXPECT_EQ(error.text(), R"(key: keys must be "0" to "0", each once)");
  }
}

TEST(Margins, AreThoseOfAsManyRowsAsWereAsked) {
  ServedRanker ranker;
  ranker.score = find_score_function("softmax_positive");
  const std::vector<float> logits(4, 1.0F);
  EXPECT_EQ(margins_of(logits, 2, ranker).size(), 2U);
  for (const std::size_t rows : {std::size_t{1}, std::size_t{3}}) {
    try {
      margins_of(logits, rows, ranker);
      ADD_FAILURE() << "taken";
    } catch (const RankingError& error) {
      EXPECT_EQ(error.fault, Fault::kInferenceFailed);
      EXPECT_EQ(error.field, "logits");
    }
  }
}

TEST(Prediction, WritesTheFiveFields) {
  EXPECT_EQ(prediction_error_json({Fault::kUnknownService, "no"}, {}),
            R"({"err_no":3002,"err_msg":"no","key":[],"value":[],"tensors":[]})");
  const Progress progress{
      .request_id = "r", .asked = {ServedRanker{}}, .experiment = "ab", .variant = "a"};
  EXPECT_EQ(prediction_error_json({Fault::kDeadline, "late"}, progress),
            R"({"err_no":6000,"err_msg":"late","key":["request_id","experiment","variant"],)"
            R"("value":["r","ab","a"],"tensors":[]})");
}

TEST(TextRoutes, AreFoundByTheirPaths) {
  for (const char* path : {"/", "/rerank", "/v1/rerank", "/v2/rerank", "/ranker/prediction",
                           "/nobody/prediction", "/v1/models", "/info"}) {
    EXPECT_TRUE(is_text_path(path)) << path;
  }
  for (const char* path :
       {"/rerank2", "/a/b/prediction", "/prediction", "//prediction", "/health"}) {
    EXPECT_FALSE(is_text_path(path)) << path;
  }
}

TEST(TextHeaders, ARankerIsReadAsLatin1) {
  CallFields fields;
  EXPECT_EQ(ranker_of(fields), "");
  fields.ranker = "\xE9\xFF";
  EXPECT_EQ(ranker_of(fields), "éÿ");
}

TEST(TextHeaders, IdsAreThoseOfUuid4) {
  const std::string id = new_request_id();
  EXPECT_EQ(id.size(), 32U);
  EXPECT_EQ(id[12], '4');
  EXPECT_NE(id, new_request_id());
}

TEST(Cuts, CountAPairOnceAndTheLongestQuery) {
  const std::vector<EncodedRow> rows = {
      {.length = 8,
       .pair = 0,
       .query_tokens = 9,
       .query_kept = 4,
       .title_tokens = 3,
       .truncated = true},
      {.length = 8,
       .pair = 0,
       .query_tokens = 9,
       .query_kept = 4,
       .title_tokens = 3,
       .truncated = true},
      {.length = 8,
       .pair = 1,
       .query_tokens = 5,
       .query_kept = 5,
       .title_tokens = 2,
       .truncated = true},
      {.length = 6, .pair = 2, .query_tokens = 3, .query_kept = 3, .title_tokens = 0}};
  const Cuts cuts = cuts_of(rows);
  EXPECT_EQ(cuts.truncated, (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(cuts.queries, 1U);
  EXPECT_EQ(cuts.lost, 1U);
  EXPECT_EQ(cuts.empty_titles, 1U);
  EXPECT_EQ(cuts.tokens, 9);
  EXPECT_FALSE(cuts.counted);
}

}  // namespace
}  // namespace tensor_service
