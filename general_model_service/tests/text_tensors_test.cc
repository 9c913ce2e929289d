// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Texts in place of rows: what becomes of them, and what is refused by name.

#include "service/text_tensors.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "text_model.h"

namespace tensor_service {
namespace {

Tensor strings(std::string alias, std::vector<std::string> texts) {
  Tensor tensor;
  tensor.alias = std::move(alias);
  tensor.type = ElemType::kString;
  tensor.shape = {static_cast<std::int64_t>(texts.size())};
  tensor.strings = std::move(texts);
  return tensor;
}

Tensor number(std::string alias, std::int64_t value) {
  Tensor tensor;
  tensor.alias = std::move(alias);
  tensor.shape = {1};
  tensor.data.assign(reinterpret_cast<const char*>(&value), sizeof value);
  return tensor;
}

std::vector<std::int64_t> int64s(const std::string& data) {
  std::vector<std::int64_t> values(data.size() / sizeof(std::int64_t));
  std::memcpy(values.data(), data.data(), data.size());
  return values;
}

class TextTensorsTest : public ::testing::Test {
 protected:
  // What it is refused with; empty: it is taken.
  std::string refused(std::vector<Tensor> tensors) {
    InferenceRequest request;
    request.tensors = std::move(tensors);
    try {
      encode_texts(request, *model_, limits_);
    } catch (const CallError& error) {
      return error.what();
    }
    return "";
  }

  SumLog log_;
  std::shared_ptr<Model> model_ = text_model(log_);
  TextLimits limits_{.max_documents = 2, .max_query_chars = 9, .max_document_chars = 9};
};

TEST_F(TextTensorsTest, AreToldByTheirNames) {
  InferenceRequest request;
  request.tensors = {number("input_ids", 1)};
  EXPECT_FALSE(feeds_texts(request, *model_));
  request.tensors = {strings("title", {"a"})};
  EXPECT_TRUE(feeds_texts(request, *model_));
  request.tensors[0].alias.clear();
  request.tensors[0].name = "query";
  EXPECT_TRUE(feeds_texts(request, *model_));
  model_->inputs[0].spec.name = "query";
  EXPECT_FALSE(feeds_texts(request, *model_)) << "it is an input of the bundle's own";
}

TEST_F(TextTensorsTest, BecomeRows) {
  InferenceRequest request;
  request.tensors = {strings("query", {"a a"}), strings("title", {"a", ""})};
  request.fetch_names = {"sum", "rows"};
  const auto rows = encode_texts(request, *model_, limits_);
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->shape, (Shape{2, 7}));
  EXPECT_EQ(int64s(rows->data), (std::vector<std::int64_t>{0, 6, 4, 2, 2, 1, 0,  //
                                                           1, 5, 4, 2, 2, 0, 0}));
  EXPECT_EQ(request.fetch_names, std::vector<std::string>{"sum"});
  ASSERT_EQ(request.tensors.size(), 2U);
  EXPECT_EQ(int64s(request.tensors[0].data),
            (std::vector<std::int64_t>{1, 1, 1, 2, 1, 2, 1, 1, 1, 2, 2}));
  EXPECT_EQ(request.tensors[1].lod, (std::vector<std::int64_t>{0, 6, 11}));
}

TEST_F(TextTensorsTest, TellRowsWhereTheyAreFetched) {
  for (const auto& [fetch, told] :
       {std::pair<std::vector<std::string>, bool>{{"sum"}, false}, {{}, true}, {{"rows"}, true}}) {
    InferenceRequest request;
    request.tensors = {strings("query", {"a"}), strings("title", {"a"})};
    request.fetch_names = fetch;
    EXPECT_EQ(encode_texts(request, *model_, limits_).has_value(), told);
  }
}

TEST_F(TextTensorsTest, GoOnInFurtherRows) {
  InferenceRequest request;
  request.tensors = {strings("query", {"a"}), strings("title", {"a a a"}),
                     number("max_tokens_per_doc", 1), number("max_chunks_per_doc", 2)};
  const auto rows = encode_texts(request, *model_, limits_);
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->shape[0], 2);
}

TEST_F(TextTensorsTest, AreRefusedByName) {
  const Tensor query = strings("query", {"a"});
  const Tensor title = strings("title", {"a"});
  EXPECT_EQ(refused({query, title}), "");
  EXPECT_EQ(refused({query}), "title: missing; send strings");
  EXPECT_EQ(refused({title}), "query: missing; send strings");
  EXPECT_EQ(refused({query, query, title}), "query: stands twice; send one tensor of all strings");
  EXPECT_EQ(refused({query, title, number("rows", 1)}),
            "rows: does not go with texts; known are query, title, max_tokens_per_doc, "
            "max_chunks_per_doc, max_tokens");
  EXPECT_EQ(refused({query, strings("title", {"a", "b", "c"})}),
            "title: 3 documents, at most 2 allowed");
  EXPECT_EQ(refused({query, strings("title", {"a", std::string(10, 'a')})}),
            "title[1]: 10 characters, at most 9 allowed");
  EXPECT_EQ(refused({strings("query", {" "}), title}).substr(0, 27), "query: has no text that a r");
  EXPECT_EQ(refused({strings("query", {"a", ""}), strings("title", {"a", "a"})}).substr(0, 15),
            "1.query: has no");
  EXPECT_EQ(refused({strings("query", {"a", "a"}), title}),
            "query: 2 queries, but 1 titles; send one, or one for each title");
  EXPECT_EQ(refused({query, title, number("max_tokens", 4)}),
            "documents: 5 tokens, at most 4 allowed; send fewer or shorter ones");
  Tensor shaped = title;
  shaped.shape = {1, 1};
  EXPECT_EQ(refused({query, shaped}),
            "title: holds 1 strings; its shape must be that number alone");
  EXPECT_EQ(refused({query, number("title", 1)}),
            "title: elem_type is int64, texts are strings (elem_type 20)");
}

TEST_F(TextTensorsTest, HaveNumbersWithinTheirBounds) {
  for (const std::int64_t value : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{65}}) {
    EXPECT_EQ(refused({strings("query", {"a"}), strings("title", {"a"}),
                       number("max_chunks_per_doc", value)}),
              "max_chunks_per_doc: must be one int64 from 1 to 64");
  }
  Tensor two = number("max_tokens_per_doc", 1);
  two.data += two.data;
  EXPECT_NE(refused({strings("query", {"a"}), strings("title", {"a"}), two}), "");
}

TEST_F(TextTensorsTest, AreNotTakenWithoutAnEncoder) {
  model_->encoder.reset();
  EXPECT_EQ(refused({strings("query", {"a"}), strings("title", {"a"})}).substr(0, 31),
            "query: texts are not answered, ");
}

}  // namespace
}  // namespace tensor_service
