// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A graph's file in, its operations out, as far as they tell which table an input is looked up in:
// kinds, names of what goes in and out, shapes of constants. Weights are skipped. Read for
// tables.h.

#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tensor_service {

enum class OpKind {
  kLookup,     // inputs: the table, then the ids
  kSame,       // the values of its first input, in another type or shape
  kPositions,  // counts from 0 on
  kPart,       // a piece of its first input
  kShift,      // the values of its inputs, added, subtracted or repeated
  kOther,
};

struct GraphOp {
  OpKind kind = OpKind::kOther;
  std::vector<std::string> inputs;
};

struct GraphOps {
  std::map<std::string, GraphOp> by_output;                    // by each name that it writes
  std::map<std::string, std::vector<std::int64_t>> constants;  // shape by name
  // A graph's input may have several names: what a bundle calls it, and what operations read.
  std::map<std::string, std::string> inputs;
  std::vector<GraphOp> lookups;
};

// Reads a .pdmodel, .onnx or .xml (OpenVINO). Throws std::runtime_error when it cannot be read.
GraphOps read_graph_ops(const std::filesystem::path& model);

// The three formats, for read_graph_ops.
GraphOps read_paddle_ops(std::istream& file);
GraphOps read_onnx_ops(std::istream& file);
GraphOps read_openvino_ops(std::istream& file);

// Adds an operation under all names that it writes.
void add_op(GraphOps& graph, const GraphOp& op, const std::vector<std::string>& outputs);

}  // namespace tensor_service
