// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// An .onnx: the ModelProto of onnx.proto. See ops.h.

#include <map>

#include "graph/ops.h"
#include "graph/proto_fields.h"

namespace tensor_service {
namespace {

// Numbers of onnx.proto.
constexpr int kGraph = 7;  // of the model
namespace graph_proto {
constexpr int kNode = 1;
constexpr int kInitializer = 5;
constexpr int kInput = 11;
constexpr int kInputName = 1;
}  // namespace graph_proto
namespace node {
constexpr int kInput = 1;
constexpr int kOutput = 2;
constexpr int kOpType = 4;
constexpr int kAttribute = 5;
constexpr int kTensor = 5;  // of an attribute
}  // namespace node
namespace tensor {
constexpr int kDims = 1;
constexpr int kName = 8;
}  // namespace tensor

OpKind kind_of(const std::string& type) {
  static const std::map<std::string, OpKind> kKinds = {
      {"Gather", OpKind::kLookup}, {"Cast", OpKind::kSame},        {"Identity", OpKind::kSame},
      {"Reshape", OpKind::kSame},  {"Squeeze", OpKind::kSame},     {"Unsqueeze", OpKind::kSame},
      {"Flatten", OpKind::kSame},  {"CumSum", OpKind::kPositions}, {"Range", OpKind::kPositions},
      {"Slice", OpKind::kPart},    {"Add", OpKind::kShift},        {"Sub", OpKind::kShift},
      {"Expand", OpKind::kShift},  {"Tile", OpKind::kShift},
  };
  const auto kind = kKinds.find(type);
  return kind == kKinds.end() ? OpKind::kOther : kind->second;
}

struct Constant {
  std::string name;
  std::vector<std::int64_t> shape;
};

Constant read_tensor(ProtoFields& fields) {
  Constant read;
  fields.message([&](int number) {
    if (number == tensor::kDims) {
      return fields.numbers(read.shape);
    }
    return number == tensor::kName && fields.text(read.name);
  });
  return read;
}

void read_node(ProtoFields& fields, GraphOps& graph) {
  std::string type;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::vector<std::int64_t> shape;  // of a Constant's value
  const auto attribute = [&](int number) {
    if (number != node::kTensor) {
      return false;
    }
    shape = read_tensor(fields).shape;
    return true;
  };
  fields.message([&](int number) {
    switch (number) {
      case node::kInput:
        return fields.text(inputs.emplace_back());
      case node::kOutput:
        return fields.text(outputs.emplace_back());
      case node::kOpType:
        return fields.text(type);
      case node::kAttribute:
        return fields.message(attribute);
      default:
        return false;
    }
  });
  if (type == "Constant" && !outputs.empty()) {
    graph.constants.insert_or_assign(outputs.front(), shape);
  } else {
    add_op(graph, {kind_of(type), inputs}, outputs);
  }
}

}  // namespace

GraphOps read_onnx_ops(std::istream& file) {
  GraphOps graph;
  ProtoFields fields(file);
  const auto in_graph = [&](int number) {
    switch (number) {
      case graph_proto::kNode:
        read_node(fields, graph);
        return true;
      case graph_proto::kInitializer: {
        const Constant constant = read_tensor(fields);
        graph.constants.insert_or_assign(constant.name, constant.shape);
        return true;
      }
      case graph_proto::kInput: {
        std::string name;
        fields.message(
            [&](int inner) { return inner == graph_proto::kInputName && fields.text(name); });
        graph.inputs.emplace(name, name);
        return true;
      }
      default:
        return false;
    }
  };
  fields.each([&](int number) { return number == kGraph && fields.message(in_graph); });
  return graph;
}

}  // namespace tensor_service
