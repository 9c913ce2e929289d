// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A model file in, its graph as OpenVINO reads it and compiled copies of it out. Used by
// openvino_engine.cc only.

#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/openvino_handle.h"

namespace tensor_service::openvino {

// Throws std::runtime_error for a type that Paddle Serving does not know, and for strings.
ElemType type_from(ov_element_type_e type);
ov_element_type_e type_from(ElemType type);

// Kept while engines run: one whose run failed is compiled again from it, and the file may be
// another by then.
struct Graph {
  std::string file;
  GraphPtr handle;
  std::vector<Port> inputs;
  std::vector<Port> outputs;
};

// names: see EngineOptions.
Graph read_graph(const std::filesystem::path& model, const std::vector<std::string>& names);

// How infer of a compiled graph is to be called.
enum class Path {
  kReported,   // it computes in the calling thread and returns its errors
  kSwallowed,  // the same, but the plugin drops the errors: OpenVINO 2025.3 with one thread
};

struct Compiled {
  CompiledPtr handle;
  RequestPtr request;
  std::vector<PortPtr> inputs;
  std::vector<PortPtr> outputs;
  Path path = Path::kReported;
};

Compiled compile(const Graph& graph, const EngineOptions& options);

}  // namespace tensor_service::openvino
