// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "scheduling/job.h"

#include <gtest/gtest.h>

#include "scheduling/padding.h"
#include "sum_model.h"

namespace tensor_service {
namespace {

class JobTest : public ::testing::Test {
 protected:
  std::shared_ptr<Job> make(InferenceRequest request) {
    return make_job(std::move(request), model_, false);
  }

  void expect_refused(InferenceRequest request, Status status, const std::string& words) {
    try {
      make(std::move(request));
      FAIL() << "accepted, but should say: " << words;
    } catch (const CallError& error) {
      EXPECT_EQ(error.status(), status) << error.what();
      EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
    }
  }

  static InferenceRequest two_rows() {
    InferenceRequest request;
    request.tensors = {int64_tensor("ids", {2, 3}, {1, 2, 3, 4, 5, 6}),
                       int64_tensor("types", {2, 3}, {0, 0, 1, 0, 0, 1})};
    return request;
  }

  SumLog log_;
  std::shared_ptr<Model> model_ = sum_model(log_, 1, 8);
};

TEST_F(JobTest, RowsOfOneTensor) {
  const auto job = make(two_rows());
  EXPECT_EQ(job->rows, 2U);
  EXPECT_EQ(job->tokens, (std::vector<std::int64_t>{3, 3}));
  EXPECT_EQ(job->total_tokens, 6);
  EXPECT_TRUE(job->equal_rows);
  EXPECT_EQ(*reinterpret_cast<const std::int64_t*>(job->feed(1, 0).data), 4);
  EXPECT_EQ(job->fetches, std::vector<std::size_t>{0});
}

TEST_F(JobTest, RepeatedTensorsAreRowsOfTheirOwnLength) {
  const auto job = make(rows_request({2, 5, 3}));
  EXPECT_EQ(job->rows, 3U);
  EXPECT_EQ(job->tokens, (std::vector<std::int64_t>{2, 5, 3}));
  EXPECT_FALSE(job->equal_rows);
}

TEST_F(JobTest, LodCutsOneTensorIntoRows) {
  InferenceRequest request;
  request.tensors = {int64_tensor("ids", {5, 1}, {1, 2, 3, 4, 5}),
                     int64_tensor("types", {5}, {0, 0, 0, 0, 0})};
  request.tensors[0].lod = request.tensors[1].lod = {0, 2, 5};
  const auto job = make(std::move(request));
  EXPECT_EQ(job->tokens, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(*reinterpret_cast<const std::int64_t*>(job->feed(1, 0).data), 3);
}

TEST_F(JobTest, InputsByAliasOrName) {
  auto request = two_rows();
  request.tensors[0].alias = "";
  request.tensors[0].name = "ids";
  request.tensors[1].alias = "unknown";
  request.tensors[1].name = "types";
  EXPECT_EQ(make(std::move(request))->rows, 2U);
}

TEST_F(JobTest, FetchesByAliasOrName) {
  for (const char* name : {"sum", "sum.tmp_0"}) {
    auto request = two_rows();
    request.fetch_names = {name};
    EXPECT_EQ(make(std::move(request))->fetches, std::vector<std::size_t>{0});
  }
}

TEST_F(JobTest, ANameOfAnotherGraphMeansTheScores) {
  for (const char* name : {"sigmoid_2.tmp_0", "linear_75.tmp_1"}) {
    auto request = two_rows();
    request.fetch_names = {name};
    EXPECT_EQ(make(std::move(request))->fetches, std::vector<std::size_t>{0});
  }
  for (const char* name : {"tmp_0", ".tmp_0", "a.tmp_", "a.tmp_x", "a b.tmp_0", "a\n.tmp_0"}) {
    auto request = two_rows();
    request.fetch_names = {name};
    expect_refused(std::move(request), Status::kInvalid, "is not an output of this bundle");
  }
  auto request = two_rows();
  request.fetch_names = {"sum", "sigmoid_2.tmp_0"};
  expect_refused(std::move(request), Status::kInvalid, "'sigmoid_2.tmp_0' is not an output");
}

TEST_F(JobTest, UnknownFetchIsRefusedUnlessUpstreamsAnswerIsWanted) {
  auto request = two_rows();
  request.fetch_names = {"scores"};
  expect_refused(request, Status::kInvalid, "'scores' is not an output of this bundle");
  EXPECT_EQ(make_job(std::move(request), model_, true)->fetches, std::vector<std::size_t>{0});
}

TEST_F(JobTest, NamesWhatIsWrong) {
  auto request = two_rows();
  request.tensors[1].alias = "typos";
  expect_refused(request, Status::kInvalid, "tensor[1].alias_name: 'typos' is not an input");

  request = two_rows();
  request.tensors.pop_back();
  expect_refused(request, Status::kInvalid, "types: missing");

  request = two_rows();
  request.tensors[0].type = ElemType::kFp32;
  expect_refused(request, Status::kInvalid, "ids: elem_type is float32, this input takes int64");

  request = two_rows();
  request.tensors[0].shape = {2, 4};
  expect_refused(request, Status::kOverflow, "ids: holds 6 elements, its shape [2, 4] needs 8");

  request = two_rows();
  request.tensors[0].shape = {6};
  expect_refused(request, Status::kInvalid, "ids: shape is [6], this input takes [rows, any]");

  request = two_rows();
  request.tensors[0].shape = {-2, -3};
  expect_refused(request, Status::kInvalid, "negative length");

  request = two_rows();
  request.tensors[0].shape = {std::int64_t{1} << 62, std::int64_t{1} << 62};
  expect_refused(request, Status::kOverflow, "too large");

  request = two_rows();
  request.tensors[0] = int64_tensor("ids", {0, 3}, {});
  expect_refused(request, Status::kInvalid, "no elements");

  request = two_rows();
  request.tensors[1] = int64_tensor("types", {1, 3}, {0, 0, 0});
  expect_refused(request, Status::kInvalid, "types: has 1 rows, ids has 2");
}

TEST_F(JobTest, WhatTheCallerSentIsCutInMessages) {
  auto request = two_rows();
  request.tensors[1].alias = std::string(100000, 'x');
  expect_refused(request, Status::kInvalid,
                 "tensor[1].alias_name: '" + std::string(64, 'x') + "' is not an input");

  request = two_rows();
  request.fetch_names = {std::string(100000, 'x')};
  expect_refused(request, Status::kInvalid, "'" + std::string(64, 'x') + "' is not an output");

  request = two_rows();
  request.tensors[0].shape = Shape(100000, 7);
  expect_refused(request, Status::kOverflow, "7, 7, ... of 100000 lengths] is too large");
}

TEST_F(JobTest, AShapeThatGivesOnlyTheRowsIsCompleted) {
  auto request = two_rows();
  request.tensors[0].shape = request.tensors[1].shape = {2};
  EXPECT_EQ(make(std::move(request))->tokens, (std::vector<std::int64_t>{3, 3}));
}

TEST_F(JobTest, RowsLongerThanTheBundleTakesAreRefused) {
  expect_refused(rows_request({3, 9}), Status::kInvalid,
                 "row 1 has 9 tokens, the bundle takes at most 8");
}

TEST_F(JobTest, InputsOfOneRowMustHaveOneLength) {
  auto request = two_rows();
  request.tensors[1] = int64_tensor("types", {2, 2}, {0, 0, 0, 0});
  expect_refused(request, Status::kInvalid, "types: row 0 has 2 tokens, ids has 3");
}

TEST_F(JobTest, BadLodIsRefused) {
  for (const std::vector<std::int64_t>& lod :
       std::vector<std::vector<std::int64_t>>{{0, 3, 2, 5}, {1, 5}, {0, 4}, {0}, {0, 6}, {-1, 5}}) {
    InferenceRequest request;
    request.tensors = {int64_tensor("ids", {5}, {1, 2, 3, 4, 5})};
    request.tensors[0].lod = lod;
    expect_refused(request, Status::kInvalid, "lod must rise");
  }
}

TEST_F(JobTest, EmptyRowOfLodIsRefused) {
  InferenceRequest request;
  request.tensors = {int64_tensor("ids", {2}, {1, 2})};
  request.tensors[0].lod = {0, 2, 2};
  expect_refused(request, Status::kInvalid, "no elements");
}

TEST_F(JobTest, ValuesOutsideTheTable) {
  model_->inputs[0].bounds.size = 7;
  model_->inputs[1].bounds.size = 2;
  EXPECT_EQ(make(two_rows())->rows, 2U);
  for (const std::int64_t wrong : {std::int64_t{7}, std::int64_t{-1}, INT64_MAX, INT64_MIN}) {
    auto request = two_rows();
    request.tensors[0] = int64_tensor("ids", {2, 3}, {1, 2, 3, 4, wrong, 6});
    expect_refused(std::move(request), Status::kInvalid,
                   "ids[1][1]: must be from 0 to 6, got " + std::to_string(wrong) + "; encode");
  }
  auto types = two_rows();
  types.tensors[1] = int64_tensor("types", {2, 3}, {0, 0, 2, 0, 0, 1});
  expect_refused(std::move(types), Status::kInvalid, "types[0][2]: must be from 0 to 1, got 2");
}

TEST_F(JobTest, ARowIsNamedWhereverItsTensorStands) {
  model_->inputs[0].bounds.size = 4;
  auto request = rows_request({2, 5, 3});
  request.tensors[4] = int64_tensor("ids", {1, 3}, {3, 3, 4});
  expect_refused(std::move(request), Status::kInvalid, "ids[2][2]: must be from 0 to 3, got 4");
  InferenceRequest ragged;
  ragged.tensors = {int64_tensor("ids", {5, 1}, {1, 2, 3, 9, 1}),
                    int64_tensor("types", {5}, {0, 0, 0, 0, 0})};
  ragged.tensors[0].lod = ragged.tensors[1].lod = {0, 2, 5};
  expect_refused(std::move(ragged), Status::kInvalid, "ids[1][1]: must be from 0 to 3, got 9");
}

TEST_F(JobTest, WithoutATableWhatTheEngineWouldCut) {
  auto request = two_rows();
  request.tensors[0] = int64_tensor("ids", {2, 3}, {1, 2, INT32_MAX, INT32_MIN, 5, 6});
  EXPECT_EQ(make(std::move(request))->rows, 2U);
  for (const std::int64_t wrong : {INT32_MAX + std::int64_t{1}, INT32_MIN - std::int64_t{1}}) {
    auto other = two_rows();
    other.tensors[0] = int64_tensor("ids", {2, 3}, {1, 2, 3, wrong, 5, 6});
    expect_refused(std::move(other), Status::kInvalid,
                   "ids[1][0]: must be from -2147483648 to 2147483647, got " +
                       std::to_string(wrong) + "; the engine computes with 32 bits");
  }
}

TEST_F(JobTest, ARowOfPadding) {
  auto padding = two_rows();
  padding.tensors[0] = int64_tensor("ids", {2, 3}, {1, 0, 0, 0, 0, 0});
  EXPECT_EQ(make(InferenceRequest(padding))->rows, 2U);
  model_->inputs[0].bounds.pad_id = 0;
  expect_refused(std::move(padding), Status::kInvalid, "ids[1]: the row is all padding; send");
}

TEST_F(JobTest, RowsLongerThanThePositions) {
  model_->inputs[0].bounds.positions = 4;
  EXPECT_EQ(make(rows_request({2, 4}))->rows, 2U);
  expect_refused(rows_request({2, 5}), Status::kInvalid,
                 "ids[1]: 5 tokens, the graph has positions for 4; truncate");
  EXPECT_EQ(rounded_length(*model_, 3), 4);
}

}  // namespace
}  // namespace tensor_service
