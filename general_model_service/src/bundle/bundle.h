// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A bundle on disk: serving_server_conf.prototxt, the model file, and, when contract.bundle wrote
// it, manifest.json and golden.jsonl. Read at start and at each reload; throws BundleError.

#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "bundle/vocabulary.h"
#include "engine/engine.h"
#include "tensor/tensor.h"

namespace tensor_service {

class BundleError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A feed or fetch variable as the prototxt declares it.
struct TensorSpec {
  std::string name;
  std::string alias;
  ElemType type = ElemType::kInt64;
  Shape shape;  // without the batch; upstream leaves out lengths that vary
  bool is_lod = false;
};

// The part of manifest.json that matters here.
struct Manifest {
  std::string ranker;
  std::string version;
  std::string score_function;  // sigmoid, softmax_positive or identity
  std::string logits;          // alias of the output it takes
  std::string precision;       // of the weights: fp32, bf16 or int8
  std::int64_t max_seq_length = 0;
};

struct Bundle {
  std::filesystem::path root;        // holds manifest.json, when there is one
  std::filesystem::path server_dir;  // holds the model
  std::filesystem::path model;       // .pdmodel, .onnx or .xml
  std::vector<TensorSpec> feeds;
  std::vector<TensorSpec> fetches;
  std::optional<Manifest> manifest;
  std::optional<Vocabulary> vocabulary;  // of a bundle with a manifest and a tokenizer
};

// Opens a serving_server directory, or the bundle directory above it, and compares every file with
// the manifest's SHA-256 when there is a manifest. Of several graphs it takes the one that
// contract.bundle.graphs names for OpenVINO: the .xml of a quantized bundle, else the .pdmodel,
// else the .onnx.
Bundle open_bundle(const std::filesystem::path& path);

// Runs golden.jsonl through the engine, each list as one padded batch, as contract.bundle.golden
// does: scores within 1e-5 of the recorded ones (fp32) or 1e-2 (lower precision), the order of each
// list unchanged. Returns the largest difference, or nothing when the bundle has no golden pairs.
std::optional<double> check_golden(const Bundle& bundle, Engine& engine, Precision precision);

}  // namespace tensor_service
