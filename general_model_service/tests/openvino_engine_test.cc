// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <set>
#include <sstream>
#include <thread>

#include "bundle_copy.h"
#include "engine/engine.h"
#include "ranker_rows.h"

namespace tensor_service {
namespace {

namespace fs = std::filesystem;

TEST(OpenVinoEngineTest, DescribesTheGraph) {
  const auto engine = engine_of(model_of("pairwise"));
  std::set<std::string> inputs;
  for (const Port& port : engine->inputs()) {
    inputs.insert(port.name);
    EXPECT_EQ(port.type, ElemType::kInt64);
    EXPECT_EQ(port.shape, (Shape{-1, -1}));
  }
  EXPECT_EQ(inputs, (std::set<std::string>{"input_ids", "token_type_ids"}));
  ASSERT_EQ(engine->outputs().size(), 2U);
  EXPECT_EQ(engine->outputs()[0].name, "predict");
  EXPECT_EQ(engine->outputs()[1].name, "logits");
  EXPECT_EQ(engine->outputs()[1].type, ElemType::kFp32);
  EXPECT_EQ(engine->outputs()[1].shape, (Shape{-1, 1}));
}

// OpenVINO's own format, where a tensor may have several names: x -> relu -> "a_name,the_name".
constexpr const char* kRelu = R"(<?xml version="1.0"?>
<net name="relu" version="11"><layers>
<layer id="0" name="x" type="Parameter" version="opset1">
<data shape="?,2" element_type="f32"/>
<output><port id="0" precision="FP32" names="x"><dim>-1</dim><dim>2</dim></port></output></layer>
<layer id="1" name="relu" type="ReLU" version="opset1">
<input><port id="0" precision="FP32"><dim>-1</dim><dim>2</dim></port></input>
<output><port id="1" precision="FP32" names="a_name,the_name"><dim>-1</dim><dim>2</dim></port>
</output></layer>
<layer id="2" name="out" type="Result" version="opset1">
<input><port id="0" precision="FP32"><dim>-1</dim><dim>2</dim></port></input></layer>
</layers><edges><edge from-layer="0" from-port="0" to-layer="1" to-port="0"/>
<edge from-layer="1" from-port="1" to-layer="2" to-port="0"/></edges></net>
)";

TEST(OpenVinoEngineTest, CallsATensorByTheNameThatIsLookedFor) {
  const TemporaryDirectory directory;
  write_file(directory.path() / "relu.xml", kRelu);
  EngineOptions options;
  EXPECT_EQ(engine_of(directory.path() / "relu.xml", options)->outputs()[0].name, "a_name");
  options.names = {"x", "the_name", "no_name"};
  const auto engine = engine_of(directory.path() / "relu.xml", options);
  EXPECT_EQ(engine->inputs()[0].name, "x");
  EXPECT_EQ(engine->outputs()[0].name, "the_name");
  const std::vector<float> values{-1.0F, 2.0F};
  const Shape shape{1, 2};
  const TensorView feed{ElemType::kFp32, shape, reinterpret_cast<const std::byte*>(values.data())};
  EXPECT_EQ(logits(*engine, {&feed, 1}), (std::vector<float>{0.0F, 2.0F}));
}

// tests/make_fixtures.py: y = 2 x, or not x.
template <class T>
void expect_doubled(const std::string& type, const std::vector<T>& x, const std::vector<T>& y) {
  const Bundle bundle = open_bundle(repository() / "general_model_service/tests/fixtures" / type);
  const auto engine = engine_of(bundle.model);
  EXPECT_EQ(engine->inputs()[0].type, bundle.feeds[0].type);
  EXPECT_EQ(engine->inputs()[0].name, bundle.feeds[0].name);
  EXPECT_EQ(engine->outputs()[0].name, bundle.fetches[0].name);
  const Shape shape{2, static_cast<std::int64_t>(x.size() / 2)};
  const TensorView feed{bundle.feeds[0].type, shape, reinterpret_cast<const std::byte*>(x.data())};
  const TensorView view = engine->run({&feed, 1})[0];
  EXPECT_EQ(view.type, bundle.fetches[0].type);
  ASSERT_EQ(Shape(view.shape.begin(), view.shape.end()), shape);
  std::vector<T> values(x.size());
  std::memcpy(values.data(), view.data, values.size() * sizeof(T));
  EXPECT_EQ(values, y);
}

TEST(OpenVinoEngineTest, ComputesEveryElementType) {
  expect_doubled<std::int64_t>("int64", {0, -1, 1'000'000'000, 5599},
                               {0, -2, 2'000'000'000, 11198});
  expect_doubled<float>("float32", {0.5F, -1e-20F, 3e30F, 7}, {1.0F, -2e-20F, 6e30F, 14});
  expect_doubled<std::int32_t>("int32", {0, -1, 1'000'000'000, 7}, {0, -2, 2'000'000'000, 14});
  expect_doubled<double>("float64", {0.5, -1.25, 3e30F, 7}, {1, -2.5, 6e30F, 14});
  expect_doubled<std::int16_t>("int16", {0, -1, 16000, 7}, {0, -2, 32000, 14});
  expect_doubled<std::uint16_t>("float16", {0x0000, 0xbc00, 0x4200, 0x7000},
                                {0x0000, 0xc000, 0x4600, 0x7400});
  expect_doubled<std::uint16_t>("bfloat16", {0x0000, 0xbf80, 0x4040, 0x7000},
                                {0x0000, 0xc000, 0x40c0, 0x7080});
  expect_doubled<std::uint8_t>("uint8", {0, 1, 127, 7}, {0, 2, 254, 14});
  expect_doubled<std::int8_t>("int8", {0, -1, 63, -64}, {0, -2, 126, -128});
  expect_doubled<std::uint8_t>("bool", {0, 1, 1, 0}, {1, 0, 0, 1});
}

TEST(OpenVinoEngineTest, ReadsTheCallersMemoryAnewInEachRun) {
  const auto engine = engine_of(model_of("pairwise"));
  RankerRows batch({row(9, 1)}, 9);
  const auto feeds = batch.feeds(*engine);
  const auto first = logits(*engine, feeds);
  batch.ids()[3] += 1;
  const auto second = logits(*engine, feeds);
  EXPECT_NE(first, second);
  const RankerRows elsewhere({row(9, 1)}, 9);
  EXPECT_EQ(logits(*engine, elsewhere.feeds(*engine)), first);
  batch.ids()[3] -= 1;
  EXPECT_EQ(logits(*engine, feeds), first);
}

class BothRankers : public ::testing::TestWithParam<const char*> {};

TEST_P(BothRankers, ScoreARowTheSameInAnyBatch) {
  const auto engine = engine_of(model_of(GetParam()));
  std::vector<GoldenPair> rows;
  for (const std::size_t tokens : {12, 5, 64, 31, 200, 384}) {
    rows.push_back(row(tokens, static_cast<std::int64_t>(rows.size())));
  }
  const auto mixed = logits(*engine, RankerRows(rows, 384).feeds(*engine));
  const std::size_t width = mixed.size() / rows.size();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::size_t tokens = rows[i].input_ids.size();
    const auto alone = logits(*engine, RankerRows({rows[i]}, tokens).feeds(*engine));
    const auto padded = logits(*engine, RankerRows({rows[i]}, tokens + 8).feeds(*engine));
    for (std::size_t j = 0; j < width; ++j) {
      EXPECT_NEAR(alone[j], padded[j], 1e-5) << tokens;
      EXPECT_NEAR(alone[j], mixed[i * width + j], 1e-5) << tokens;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(OpenVinoEngineTest, BothRankers,
                         ::testing::Values("pairwise", "cross_encoder"));

TEST(OpenVinoEngineTest, EnginesOfOneModelComputeAtOnce) {
  const auto engines = make_openvino_engines(model_of("pairwise"), {}, {1, 1});
  std::vector<std::vector<float>> expected(20);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto rows = row(4 + i, static_cast<std::int64_t>(i));
    expected[i] = logits(*engines[0], RankerRows({rows}, 4 + i).feeds(*engines[0]));
  }
  const auto work = [&](Engine& engine) {
    for (int round = 0; round < 10; ++round) {
      for (std::size_t i = 0; i < expected.size(); ++i) {
        const auto rows = row(4 + i, static_cast<std::int64_t>(i));
        EXPECT_EQ(logits(engine, RankerRows({rows}, 4 + i).feeds(engine)), expected[i]);
      }
    }
  };
  std::thread other([&] { work(*engines[1]); });
  work(*engines[0]);
  other.join();
}

TEST(OpenVinoEngineTest, Bf16IsWhatTheKernelSays) {
  std::istringstream cpuinfo(read_file("/proc/cpuinfo"));
  std::set<std::string> words;
  for (std::string word; cpuinfo >> word;) {
    words.insert(word);
  }
  EXPECT_EQ(cpu_has_bf16(), words.contains("avx512_bf16") || words.contains("amx_bf16"));
}

}  // namespace
}  // namespace tensor_service
