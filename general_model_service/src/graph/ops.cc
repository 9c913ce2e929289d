// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// See ops.h.

#include "graph/ops.h"

#include <fstream>
#include <stdexcept>

namespace tensor_service {

void add_op(GraphOps& graph, const GraphOp& op, const std::vector<std::string>& outputs) {
  for (const std::string& output : outputs) {
    graph.by_output.insert_or_assign(output, op);
  }
  if (op.kind == OpKind::kLookup && op.inputs.size() >= 2) {
    graph.lookups.push_back(op);
  }
}

GraphOps read_graph_ops(const std::filesystem::path& model) {
  std::ifstream file(model, std::ios::binary);
  if (!file) {
    throw std::runtime_error("cannot be opened");
  }
  if (model.extension() == ".pdmodel") {
    return read_paddle_ops(file);
  }
  return model.extension() == ".onnx" ? read_onnx_ops(file) : read_openvino_ops(file);
}

}  // namespace tensor_service
