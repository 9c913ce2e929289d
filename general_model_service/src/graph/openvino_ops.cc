// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// OpenVINO's .xml: layers with ports, and edges between the ports. What an operation writes is
// called by layer and port here, "3:0". See ops.h.

#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <map>
#include <sstream>

#include "graph/ops.h"

namespace tensor_service {
namespace {

using Tree = boost::property_tree::ptree;

OpKind kind_of(const std::string& type) {
  static const std::map<std::string, OpKind> kKinds = {
      {"Gather", OpKind::kLookup},   {"Convert", OpKind::kSame},   {"Reshape", OpKind::kSame},
      {"Squeeze", OpKind::kSame},    {"Unsqueeze", OpKind::kSame}, {"CumSum", OpKind::kPositions},
      {"Range", OpKind::kPositions}, {"Slice", OpKind::kPart},     {"StridedSlice", OpKind::kPart},
      {"Add", OpKind::kShift},       {"Subtract", OpKind::kShift}, {"Broadcast", OpKind::kShift},
      {"Tile", OpKind::kShift},
  };
  const auto kind = kKinds.find(type);
  return kind == kKinds.end() ? OpKind::kOther : kind->second;
}

std::string name_of(const std::string& layer, const std::string& port) {
  return layer + ":" + port;
}

std::vector<std::string> parts(const std::string& text) {
  std::vector<std::string> found;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');) {
    found.push_back(part);
  }
  return found;
}

std::vector<std::int64_t> shape_of(const std::string& text) {
  std::vector<std::int64_t> shape;
  for (const std::string& part : parts(text)) {
    shape.push_back(std::stoll(part));
  }
  return shape;
}

// Where each port that reads is written, by name.
std::map<std::string, std::string> sources_of(const Tree& net) {
  std::map<std::string, std::string> sources;
  for (const auto& [tag, edge] : net.get_child("edges")) {
    const auto& at = edge.get_child("<xmlattr>");
    sources.emplace(name_of(at.get<std::string>("to-layer"), at.get<std::string>("to-port")),
                    name_of(at.get<std::string>("from-layer"), at.get<std::string>("from-port")));
  }
  return sources;
}

template <class Take>
void each_port(const Tree& layer, const char* side, Take take) {
  if (const auto ports = layer.get_child_optional(side)) {
    for (const auto& [tag, port] : *ports) {
      if (tag == "port") {
        take(port);
      }
    }
  }
}

void read_layer(const Tree& layer, const std::map<std::string, std::string>& sources,
                GraphOps& graph) {
  const auto id = layer.get<std::string>("<xmlattr>.id");
  const auto type = layer.get<std::string>("<xmlattr>.type");
  GraphOp op{kind_of(type), {}};
  each_port(layer, "input", [&](const Tree& port) {
    const auto source = sources.find(name_of(id, port.get<std::string>("<xmlattr>.id")));
    op.inputs.push_back(source == sources.end() ? "" : source->second);
  });
  std::vector<std::string> outputs;
  each_port(layer, "output", [&](const Tree& port) {
    outputs.push_back(name_of(id, port.get<std::string>("<xmlattr>.id")));
    if (type == "Parameter") {
      graph.inputs.emplace(layer.get<std::string>("<xmlattr>.name"), outputs.back());
      for (const std::string& name : parts(port.get<std::string>("<xmlattr>.names", ""))) {
        graph.inputs.emplace(name, outputs.back());
      }
    }
  });
  if (type == "Const") {
    for (const std::string& output : outputs) {
      graph.constants.emplace(output, shape_of(layer.get<std::string>("data.<xmlattr>.shape", "")));
    }
  } else if (type != "Parameter") {
    add_op(graph, op, outputs);
  }
}

}  // namespace

GraphOps read_openvino_ops(std::istream& file) {
  Tree root;
  boost::property_tree::read_xml(file, root);
  const Tree& net = root.get_child("net");
  const auto sources = sources_of(net);
  GraphOps graph;
  for (const auto& [tag, layer] : net.get_child("layers")) {
    if (tag == "layer") {
      read_layer(layer, sources, graph);
    }
  }
  return graph;
}

}  // namespace tensor_service
