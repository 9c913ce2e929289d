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
#include <string_view>
#include <vector>

#include "bundle/calibration.h"
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
  // rules by which texts become rows; older manifests name none
  std::string truncation = "title_first";
  std::string normalization = "none";
  std::optional<Calibration> calibration;  // of scores that are asked for as texts
  // Of a split ranker that rounds its states to fp16: fp32 alone computes that rounding.
  bool rounds_states = false;
};

// Why a graph that rounds states is computed in fp32 only, for errors; in the words of
// contract/bundle/split.py.
inline constexpr std::string_view kOnlyFp32 =
    "this split ranker rounds its states to fp16, which only fp32 computes; use fp32, or train it "
    "with --state_type fp32";

struct Bundle {
  std::filesystem::path root;        // holds manifest.json, when there is one
  std::filesystem::path server_dir;  // holds the model
  std::filesystem::path model;       // .pdmodel, .onnx or .xml
  std::vector<TensorSpec> feeds;
  std::vector<TensorSpec> fetches;
  std::optional<Manifest> manifest;
  std::optional<Vocabulary> vocabulary;  // of a bundle with a manifest and a tokenizer
};

// Who computes a bundle's graph; each reads other files.
enum class GraphReader { kOpenVino, kOnnxRuntime };

// Opens a serving_server directory, or the bundle directory above it. Where there is a manifest,
// its version has to be that of its contents, every file has to have the SHA-256 that it lists, and
// none may be read that it does not list. Of several graphs it takes the one that
// contract.bundle.graphs names for OpenVINO: the .xml of a quantized bundle, else the .pdmodel,
// else the .onnx. ONNX Runtime reads the .onnx alone.
Bundle open_bundle(const std::filesystem::path& path, GraphReader reader = GraphReader::kOpenVino);

struct GoldenResult {
  double difference = 0.0;  // the largest, of the logits' margin, or of scores where there are none
  std::string doubt;        // why another order would pass as well; empty where it would not
};

// Runs golden.jsonl through the engine, each list as one padded batch, as contract.bundle.golden
// does: scores and the margins of logits near the recorded ones, nearer in fp32 than in a lower
// precision, the order of each list unchanged. Throws BundleError. Returns nothing for a directory
// without a manifest.
std::optional<GoldenResult> check_golden(const Bundle& bundle, Engine& engine, Precision precision);

}  // namespace tensor_service
