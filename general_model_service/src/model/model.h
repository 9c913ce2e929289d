// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// One generation of a bundle, ready to compute: its declarations matched with the graph's ports and
// its compiled engines. Made by load_model at start and at each reload; shared by the jobs that
// were admitted to it, so that a handover never takes an engine from under a request.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bundle/bundle.h"
#include "engine/engine.h"
#include "text/pair_encoder.h"

namespace tensor_service {

struct ModelOptions {
  std::filesystem::path path;  // bundle or serving_server directory
  Precision precision = Precision::kFp32;
  bool automatic_precision = false;  // bf16 where the CPU has it
  int engines = 1;
  int threads = 1;       // of one engine
  int lone_threads = 1;  // of the engine for requests that have the machine to themselves
  std::filesystem::path engine_cache = {};  // of compiled graphs; empty: none is kept
  GraphReader reader = GraphReader::kOpenVino;
  std::optional<int> gpu = {};  // that ONNX Runtime computes on; without: the CPU
};

// What the values of an input may be; see bounds.h.
struct ValueBounds {
  std::optional<std::int64_t> size;       // whole numbers from 0 up to this, without it
  std::optional<std::int64_t> pad_id;     // a row of nothing else is refused
  std::optional<std::int64_t> positions;  // tokens of a row that the graph has a place for
};

// An input as clients name it, the graph's port behind it.
struct Input {
  TensorSpec spec;
  std::size_t port = 0;
  Shape shape;  // the graph's, with the batch; -1 varies
  ValueBounds bounds = {};
};

struct Output {
  TensorSpec spec;
  std::size_t port = 0;
  ElemType type = ElemType::kFp32;  // what the engine returns
  Shape shape;                      // the graph's; -1 varies
};

struct BatchShape {
  std::int64_t rows = 0;
  std::int64_t length = 0;  // of each row, in tokens

  std::int64_t tokens() const { return rows * length; }
};

struct Model {
  std::uint64_t generation = 0;  // counts up with each model that a service takes
  std::size_t lane = 0;          // its place in the service: rows of one place wait in one queue
  Bundle bundle;
  Precision precision = Precision::kFp32;
  std::vector<std::unique_ptr<Engine>> engines;
  std::vector<Engine*> idle;  // those that compute nothing; the scheduler's, under its lock
  // With more threads than the others, for a batch that has the machine to itself; may be null.
  // The scheduler's, like idle.
  std::unique_ptr<Engine> lone;
  // Of each engine's last batch, where it was padded; the scheduler's, like idle.
  std::map<const Engine*, BatchShape> last_shapes;
  std::vector<Input> inputs;      // in the bundle's order
  std::vector<Output> outputs;    // in the bundle's order
  bool rows_independent = false;  // every input and output has a batch axis: rows may be merged
  bool may_pad = false;           // no output has a length that follows the input's
  std::optional<GoldenResult> golden;
  std::optional<PairEncoder> encoder;  // of a bundle with a manifest and a WordPiece tokenizer

  // Version of the manifest, or "unversioned".
  std::string version() const;
  // "passes its golden pairs", what they leave open, or that there are none.
  std::string golden_text() const;
};

// Opens, compiles and checks the golden pairs. Throws BundleError or std::runtime_error.
std::shared_ptr<Model> load_model(const ModelOptions& options);

std::string_view precision_name(Precision precision);

}  // namespace tensor_service
