// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "service/response_cache.h"

#include <gtest/gtest.h>

#include "sum_model.h"

namespace tensor_service {
namespace {

std::vector<Tensor> outputs(float value) {
  Tensor tensor;
  tensor.type = ElemType::kFp32;
  tensor.shape = {1, 1};
  tensor.data.assign(reinterpret_cast<const char*>(&value), sizeof value);
  return {tensor};
}

TEST(ResponseCache, GivesBackWhatWasStored) {
  ResponseCache cache(10000);
  EXPECT_FALSE(cache.find("a"));
  cache.store("a", outputs(1.5F));
  ASSERT_TRUE(cache.find("a"));
  EXPECT_EQ(floats(cache.find("a")->at(0)), std::vector<float>{1.5F});
}

TEST(ResponseCache, DropsTheLeastRecentlyUsedWithinItsBytes) {
  ResponseCache probe(1 << 20);
  probe.store("a", outputs(1));
  ResponseCache cache(probe.bytes() * 2);
  cache.store("a", outputs(1));
  cache.store("b", outputs(2));
  EXPECT_TRUE(cache.find("a"));
  cache.store("c", outputs(3));
  EXPECT_TRUE(cache.find("a"));
  EXPECT_FALSE(cache.find("b"));
  EXPECT_TRUE(cache.find("c"));
  EXPECT_LE(cache.bytes(), probe.bytes() * 2);
  cache.store(std::string(10000, 'x'), outputs(4));
  EXPECT_TRUE(cache.find("c")) << "an entry larger than the cache must not empty it";
  cache.clear();
  EXPECT_EQ(cache.bytes(), 0U);
  EXPECT_FALSE(cache.find("a"));
}

TEST(ResponseCache, KeysDifferWhereRequestsDo) {
  SumLog log;
  const auto model = sum_model(log);
  const auto key = [&](const InferenceRequest& request) {
    return ResponseCache::key_of(*make_job(InferenceRequest(request), model, false));
  };
  const InferenceRequest request = rows_request({3, 2});
  InferenceRequest joined;  // the same elements, cut into rows elsewhere
  joined.tensors = {int64_tensor("ids", {1, 2}, {1, 1}), int64_tensor("types", {1, 2}, {0, 0}),
                    int64_tensor("ids", {1, 3}, {1, 2, 2}),
                    int64_tensor("types", {1, 3}, {0, 0, 0})};
  EXPECT_EQ(key(request), key(request));
  EXPECT_NE(key(request), key(joined));
  InferenceRequest changed = request;
  changed.tensors[0].data[0] = 9;
  EXPECT_NE(key(request), key(changed));
  const std::string before = key(request);
  ++model->generation;
  EXPECT_NE(before, key(request));
}

}  // namespace
}  // namespace tensor_service
