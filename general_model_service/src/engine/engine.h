// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A compiled model behind one small interface. Made by make_openvino_engine, used by the
// scheduler: one thread at a time, any thread.

#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace tensor_service {

// An input or output of the graph; -1 in the shape is a length that varies.
struct Port {
  std::string name;
  ElemType type = ElemType::kInt64;
  Shape shape;
};

enum class Precision { kFp32, kBf16, kInt8 };

class Engine {
 public:
  virtual ~Engine() = default;

  virtual const std::vector<Port>& inputs() const = 0;
  virtual const std::vector<Port>& outputs() const = 0;

  // Computes one batch. feeds are in the order of inputs(); the views returned are in the order of
  // outputs() and hold until the next run. Throws std::runtime_error when the graph fails.
  virtual std::vector<TensorView> run(std::span<const TensorView> feeds) = 0;
};

struct EngineOptions {
  Precision precision = Precision::kFp32;
  int threads = 1;  // that one run uses
  // Names the caller will look for in inputs() and outputs(): a tensor may have several, of which
  // OpenVINO tells one.
  std::vector<std::string> names = {};
  // Where OpenVINO keeps compiled graphs, which it loads several times faster than it compiles;
  // empty: nowhere. What lies there is not checked: the scores of the engine have to be.
  std::filesystem::path cache = {};
};

// True where the CPU multiplies bfloat16 in hardware.
bool cpu_has_bf16();

// The file beside a model file that holds its weights: .pdiparams or .bin. A graph without weights
// has none; an .onnx holds its own, and the name is empty.
std::filesystem::path weights_of(const std::filesystem::path& model);

// Reads a .pdmodel (with its .pdiparams beside it), an OpenVINO .xml or an .onnx and compiles it
// count times, each copy to be run by one thread at a time. Throws std::runtime_error naming the
// file.
std::vector<std::unique_ptr<Engine>> make_openvino_engines(const std::filesystem::path& model,
                                                           const EngineOptions& options, int count);

}  // namespace tensor_service
