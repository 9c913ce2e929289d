// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The embedding tables of graphs in the three formats, and of graphs that look alike and have none.

#include "graph/tables.h"

#include <gtest/gtest.h>

#include <sstream>

#include "bundle/bundle.h"
#include "bundle_copy.h"

namespace tensor_service {
namespace {

using Rows = std::map<std::string, std::int64_t>;

const Rows kFixture = {{"input_ids", 180}, {"token_type_ids", 16}};

EmbeddingTables tables_of(const std::filesystem::path& model) {
  return find_tables(read_graph_ops(repository() / model));
}

TEST(Tables, OfAPaddleProgram) {
  const Bundle bundle = open_bundle(repository() / "serving_models/pairwise");
  const auto tables = find_tables(read_graph_ops(bundle.model));
  ASSERT_TRUE(bundle.vocabulary.has_value());
  EXPECT_EQ(tables.rows, (Rows{{"input_ids", bundle.vocabulary->size}, {"token_type_ids", 2}}));
  EXPECT_EQ(tables.positions, 512);
}

TEST(Tables, OfAnOnnx) {
  const auto tables = tables_of("tests/fixtures/all_graphs/serving_server/inference.predict.onnx");
  EXPECT_EQ(tables.rows, kFixture);
  EXPECT_EQ(tables.positions, 64);
}

TEST(Tables, OfTheSameWeightsAsAProgram) {
  const auto tables =
      tables_of("tests/fixtures/all_graphs/serving_server/inference.predict.pdmodel");
  EXPECT_EQ(tables.rows, kFixture);
  EXPECT_EQ(tables.positions, 64);
}

// As an int8 bundle has them: the table's weights are converted and multiplied before the lookup.
constexpr const char* kQuantized = R"(<?xml version="1.0"?>
<net name="Model0" version="11"><layers>
<layer id="0" name="p" type="Parameter" version="opset1"><data shape="?,?" element_type="i64" />
  <output><port id="0" precision="I64" names="input_ids,ids" /></output></layer>
<layer id="1" name="w" type="Const" version="opset1"><data element_type="i8" shape="70, 16" />
  <output><port id="0" /></output></layer>
<layer id="2" name="c" type="Convert" version="opset1"><input><port id="0" /></input>
  <output><port id="1" /></output></layer>
<layer id="3" name="s" type="Const" version="opset1"><data element_type="f32" shape="70, 1" />
  <output><port id="0" /></output></layer>
<layer id="4" name="m" type="Multiply" version="opset1">
  <input><port id="0" /><port id="1" /></input><output><port id="2" /></output></layer>
<layer id="5" name="a" type="Const" version="opset1"><data element_type="i64" shape="" />
  <output><port id="0" /></output></layer>
<layer id="6" name="g" type="Gather" version="opset8">
  <input><port id="0" /><port id="1" /><port id="2" /></input>
  <output><port id="3" /></output></layer>
<layer id="7" name="r" type="Range" version="opset4"><input><port id="0" /></input>
  <output><port id="1" /></output></layer>
<layer id="8" name="t" type="Const" version="opset1"><data element_type="f32" shape="9, 16" />
  <output><port id="0" /></output></layer>
<layer id="9" name="h" type="Gather" version="opset8">
  <input><port id="0" /><port id="1" /></input><output><port id="2" /></output></layer>
</layers><edges>
<edge from-layer="1" from-port="0" to-layer="2" to-port="0" />
<edge from-layer="2" from-port="1" to-layer="4" to-port="0" />
<edge from-layer="3" from-port="0" to-layer="4" to-port="1" />
<edge from-layer="4" from-port="2" to-layer="6" to-port="0" />
<edge from-layer="0" from-port="0" to-layer="6" to-port="1" />
<edge from-layer="5" from-port="0" to-layer="6" to-port="2" />
<edge from-layer="5" from-port="0" to-layer="7" to-port="0" />
<edge from-layer="8" from-port="0" to-layer="9" to-port="0" />
<edge from-layer="7" from-port="1" to-layer="9" to-port="1" />
</edges></net>)";

TEST(Tables, OfAQuantizedGraphOfOpenVino) {
  std::istringstream file(kQuantized);
  const auto tables = find_tables(read_openvino_ops(file));
  EXPECT_EQ(tables.rows, (Rows{{"input_ids", 70}, {"ids", 70}, {"p", 70}}));
  EXPECT_EQ(tables.positions, 9);
}

TEST(Tables, AGraphWithoutLookupsHasNone) {
  const auto tables =
      tables_of("general_model_service/tests/fixtures/int64/serving_server/inference.pdmodel");
  EXPECT_TRUE(tables.rows.empty());
  EXPECT_FALSE(tables.positions.has_value());
}

GraphOps graph_with(const std::string& ids, OpKind kind) {
  GraphOps graph;
  graph.inputs = {{"x", "x"}};
  graph.constants = {{"table", {32, 4}}};
  add_op(graph, {kind, {"x"}}, {"made"});
  add_op(graph, {OpKind::kPositions, {}}, {"counted"});
  add_op(graph, {OpKind::kOther, {"counted"}}, {"clamped"});
  add_op(graph, {OpKind::kShift, {"clamped", "counted"}}, {"shifted"});
  add_op(graph, {OpKind::kLookup, {"table", ids}}, {"found"});
  return graph;
}

TEST(Tables, OnlyWhatAnInputIsBoundsIt) {
  EXPECT_EQ(find_tables(graph_with("made", OpKind::kSame)).rows, (Rows{{"x", 32}}));
  EXPECT_TRUE(find_tables(graph_with("made", OpKind::kOther)).rows.empty());
  EXPECT_TRUE(find_tables(graph_with("x", OpKind::kOther)).rows.contains("x"));
}

TEST(Tables, OnlyACounterBoundsTheLength) {
  EXPECT_EQ(find_tables(graph_with("counted", OpKind::kOther)).positions, 32);
  EXPECT_EQ(find_tables(graph_with("shifted", OpKind::kOther)).positions, 32);
  // as the buckets of relative positions are made
  EXPECT_FALSE(find_tables(graph_with("clamped", OpKind::kOther)).positions.has_value());
}

TEST(Tables, WhatIsNoGraphIsRefused) {
  const TemporaryDirectory directory;
  for (const char* name : {"a.pdmodel", "a.onnx", "a.xml"}) {
    write_file(directory.path() / name, "\xff\xff not a graph");
    EXPECT_ANY_THROW(read_graph_ops(directory.path() / name)) << name;
  }
  EXPECT_ANY_THROW(read_graph_ops(directory.path() / "absent.onnx"));
}

}  // namespace
}  // namespace tensor_service
