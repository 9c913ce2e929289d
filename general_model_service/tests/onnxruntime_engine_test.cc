// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// ONNX Runtime on the CPU: what reads a graph, feeds it and fetches from it is the same on a GPU.
// build.sh names the library of the environment; without one these tests are skipped.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <set>

#include "bundle_copy.h"
#include "engine/engine.h"
#include "model/model.h"
#include "ranker_rows.h"

namespace tensor_service {
namespace {

namespace fs = std::filesystem;

fs::path all_graphs() { return repository() / "tests/fixtures/all_graphs"; }

class OnnxRuntimeEngineTest : public testing::Test {
 protected:
  void SetUp() override {
    if (std::getenv("ONNXRUNTIME_LIBRARY") == nullptr) {
      GTEST_SKIP() << "ONNXRUNTIME_LIBRARY names no library: make setup-dev";
    }
    model_ = open_bundle(all_graphs(), GraphReader::kOnnxRuntime).model;
  }

  std::unique_ptr<Engine> engine() {
    return std::move(make_onnxruntime_engines(model_, std::nullopt, {1}).front());
  }

  fs::path model_;
};

// Few ids: the vocabulary of the fixture is small.
RankerRows some_rows() { return {{row(7, 1, 20), row(7, 2, 20), row(7, 3, 20)}, 7}; }

std::string failure(Engine& engine, std::span<const TensorView> feeds) {
  try {
    engine.run(feeds);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "computed";
}

TEST_F(OnnxRuntimeEngineTest, ComputesWhatOpenVinoComputes) {
  const auto ours = engine();
  const auto openvino = engine_of(open_bundle(all_graphs()).model);
  const RankerRows rows = some_rows();
  const std::vector<float> expected = logits(*openvino, rows.feeds(*openvino));
  const std::vector<float> got = logits(*ours, rows.feeds(*ours));
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_NEAR(got[i], expected[i], 1e-4) << i;
  }
  EXPECT_NE(got[0], got[1]);
}

TEST_F(OnnxRuntimeEngineTest, DescribesTheGraph) {
  const auto ours = engine();
  std::set<std::string> inputs;
  for (const Port& port : ours->inputs()) {
    inputs.insert(port.name);
    EXPECT_EQ(port.type, ElemType::kInt64);
    EXPECT_EQ(port.shape, (Shape{-1, -1}));
  }
  EXPECT_EQ(inputs, (std::set<std::string>{"input_ids", "token_type_ids"}));
  EXPECT_EQ(ours->outputs().back().type, ElemType::kFp32);
}

TEST_F(OnnxRuntimeEngineTest, GoesOnAfterARunThatFails) {
  const auto ours = engine();
  const RankerRows good = some_rows();
  const std::vector<float> before = logits(*ours, good.feeds(*ours));
  RankerRows bad = some_rows();
  bad.ids()[0] = 1 << 30;  // no place in the embedding table
  EXPECT_NE(failure(*ours, bad.feeds(*ours)).find(model_.string() + ": ONNX Runtime: "),
            std::string::npos);
  std::vector<TensorView> feeds = good.feeds(*ours);
  feeds[0].type = ElemType::kInt32;
  EXPECT_NE(failure(*ours, feeds).find("the graph takes int64, not int32"), std::string::npos);
  EXPECT_NE(failure(*ours, {feeds.data(), 1}).find("takes 2 inputs, not 1"), std::string::npos);
  EXPECT_EQ(logits(*ours, good.feeds(*ours)), before);
}

TEST_F(OnnxRuntimeEngineTest, LoadsABundleAndChecksItsGoldenPairs) {
  const auto model = load_model(
      {.path = all_graphs(), .engines = 2, .lone_threads = 2, .reader = GraphReader::kOnnxRuntime});
  ASSERT_TRUE(model->golden);
  EXPECT_LT(model->golden->difference, 1e-4);
  EXPECT_EQ(model->engines.size(), 2U);
  EXPECT_TRUE(model->lone);
}

TEST_F(OnnxRuntimeEngineTest, NamesTheGpuThatItCannotUse) {
  try {
    make_onnxruntime_engines(model_, 77, {1});
    FAIL() << "GPU 77 computes";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find(model_.string() + " on GPU 77: ONNX Runtime: "),
              std::string::npos)
        << error.what();
  }
}

TEST(OnnxRuntimeBundleTest, RefusesABundleWithoutAnOnnx) {
  try {
    open_bundle(repository() / "serving_models/pairwise", GraphReader::kOnnxRuntime);
    FAIL() << "opened";
  } catch (const BundleError& error) {
    EXPECT_NE(std::string(error.what()).find("no .onnx in it, which ONNX Runtime computes"),
              std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace tensor_service
