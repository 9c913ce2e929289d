// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A .pdmodel of Paddle 2: the ProgramDesc of its framework.proto. See ops.h.

#include <array>
#include <map>

#include "graph/ops.h"
#include "graph/proto_fields.h"

namespace tensor_service {
namespace {

// Numbers of framework.proto.
namespace program {
constexpr int kBlocks = 1;
}
namespace block {
constexpr int kVars = 3;
constexpr int kOps = 4;
}  // namespace block
namespace var {
constexpr int kName = 1;
constexpr int kType = 2;
constexpr int kPersistable = 3;
constexpr int kDenseTensor = 3;  // of the type
constexpr int kTensor = 1;       // of the dense tensor
constexpr int kDims = 2;         // of the tensor
}  // namespace var
namespace op {
constexpr int kInputs = 1;
constexpr int kOutputs = 2;
constexpr int kType = 3;
constexpr int kParameter = 1;  // of an input or output
constexpr int kArguments = 2;
}  // namespace op

using Arguments = std::map<std::string, std::vector<std::string>>;

OpKind kind_of(const std::string& type) {
  static const std::map<std::string, OpKind> kKinds = {
      {"lookup_table", OpKind::kLookup},
      {"lookup_table_v2", OpKind::kLookup},
      {"assign", OpKind::kSame},
      {"cast", OpKind::kSame},
      {"reshape", OpKind::kSame},
      {"reshape2", OpKind::kSame},
      {"squeeze", OpKind::kSame},
      {"squeeze2", OpKind::kSame},
      {"unsqueeze", OpKind::kSame},
      {"unsqueeze2", OpKind::kSame},
      {"cumsum", OpKind::kPositions},
      {"range", OpKind::kPositions},
      {"slice", OpKind::kPart},
      {"strided_slice", OpKind::kPart},
      {"elementwise_add", OpKind::kShift},
      {"elementwise_sub", OpKind::kShift},
      {"expand_v2", OpKind::kShift},
      {"expand_as_v2", OpKind::kShift},
      {"tile", OpKind::kShift},
  };
  const auto kind = kKinds.find(type);
  return kind == kKinds.end() ? OpKind::kOther : kind->second;
}

void read_var(ProtoFields& fields, GraphOps& graph) {
  std::string name;
  std::vector<std::int64_t> shape;
  std::uint64_t persistable = 0;
  const auto tensor = [&](int number) { return number == var::kDims && fields.numbers(shape); };
  const auto dense = [&](int number) { return number == var::kTensor && fields.message(tensor); };
  const auto type = [&](int number) {
    return number == var::kDenseTensor && fields.message(dense);
  };
  fields.message([&](int number) {
    switch (number) {
      case var::kName:
        return fields.text(name);
      case var::kType:
        return fields.message(type);
      case var::kPersistable:
        return fields.number(persistable);
      default:
        return false;
    }
  });
  if (persistable != 0) {
    graph.constants.insert_or_assign(name, shape);
  }
}

void read_arguments(ProtoFields& fields, Arguments& arguments) {
  std::string parameter;
  std::vector<std::string> names;
  fields.message([&](int number) {
    if (number == op::kParameter) {
      return fields.text(parameter);
    }
    return number == op::kArguments && fields.text(names.emplace_back());
  });
  arguments.insert_or_assign(parameter, names);
}

// What the others are made from comes first.
std::vector<std::string> ordered(const Arguments& arguments, OpKind kind) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& parameter) {
    if (const auto found = arguments.find(parameter); found != arguments.end()) {
      names.insert(names.end(), found->second.begin(), found->second.end());
    }
  };
  for (const char* first :
       kind == OpKind::kLookup ? std::array{"W", "Ids"} : std::array{"X", "Input"}) {
    add(first);
  }
  for (const auto& [parameter, values] : arguments) {
    if (parameter != "W" && parameter != "Ids" && parameter != "X" && parameter != "Input") {
      add(parameter);
    }
  }
  return names;
}

void read_op(ProtoFields& fields, GraphOps& graph) {
  std::string type;
  Arguments inputs;
  Arguments outputs;
  fields.message([&](int number) {
    switch (number) {
      case op::kInputs:
        read_arguments(fields, inputs);
        return true;
      case op::kOutputs:
        read_arguments(fields, outputs);
        return true;
      case op::kType:
        return fields.text(type);
      default:
        return false;
    }
  });
  std::vector<std::string> written;
  for (const auto& [parameter, names] : outputs) {
    written.insert(written.end(), names.begin(), names.end());
  }
  if (type == "feed") {
    for (const std::string& name : written) {
      graph.inputs.emplace(name, name);
    }
    return;
  }
  const OpKind kind = kind_of(type);
  add_op(graph, {kind, ordered(inputs, kind)}, written);
}

}  // namespace

GraphOps read_paddle_ops(std::istream& file) {
  GraphOps graph;
  ProtoFields fields(file);
  const auto in_block = [&](int number) {
    if (number == block::kVars) {
      read_var(fields, graph);
      return true;
    }
    if (number == block::kOps) {
      read_op(fields, graph);
      return true;
    }
    return false;
  };
  fields.each([&](int number) { return number == program::kBlocks && fields.message(in_block); });
  return graph;
}

}  // namespace tensor_service
