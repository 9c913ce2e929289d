// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Rows of token ids in, the feeds of a ranker's engine out, in the graph's order and padded: for
// the tests of the engine.

#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bundle/bundle.h"
#include "bundle/golden.h"
#include "bundle_copy.h"

namespace tensor_service {

class RankerRows {
 public:
  RankerRows(const std::vector<GoldenPair>& rows, std::size_t length)
      : shape_{static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(length)},
        ids_(rows.size() * length, 0),
        types_(ids_) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (std::size_t j = 0; j < rows[i].input_ids.size(); ++j) {
        ids_[i * length + j] = rows[i].input_ids[j];
        types_[i * length + j] = rows[i].token_type_ids[j];
      }
    }
  }

  std::vector<std::int64_t>& ids() { return ids_; }
  std::vector<std::int64_t>& types() { return types_; }

  std::vector<TensorView> feeds(const Engine& engine) const {
    std::vector<TensorView> views;
    for (const Port& port : engine.inputs()) {
      const auto& values = port.name == "input_ids" ? ids_ : types_;
      views.push_back(
          {ElemType::kInt64, shape_, reinterpret_cast<const std::byte*>(values.data())});
    }
    return views;
  }

 private:
  Shape shape_;
  std::vector<std::int64_t> ids_;
  std::vector<std::int64_t> types_;
};

// The last output of the engine: both bundles have their logits there.
inline std::vector<float> logits(Engine& engine, std::span<const TensorView> feeds) {
  const TensorView view = engine.run(feeds).back();
  std::size_t count = 1;
  for (const std::int64_t length : view.shape) {
    count *= static_cast<std::size_t>(length);
  }
  const auto* values = reinterpret_cast<const float*>(view.data);
  return {values, values + count};
}

inline std::filesystem::path model_of(const std::string& name) {
  return open_bundle(repository() / "serving_models" / name).model;
}

inline std::unique_ptr<Engine> engine_of(const std::filesystem::path& model,
                                         EngineOptions options = {}) {
  return std::move(make_openvino_engines(model, options, {options.threads}).front());
}

// Within the vocabularies of serving_models/.
constexpr std::int64_t kIds = 5000;

// A row of ids from 1 to `ids` - 1 that differ from those of another seed.
inline GoldenPair row(std::size_t tokens, std::int64_t seed, std::int64_t ids = kIds) {
  GoldenPair pair;
  for (std::size_t i = 0; i < tokens; ++i) {
    pair.input_ids.push_back(1 + (seed * 131 + static_cast<std::int64_t>(i) * 37) % (ids - 1));
    pair.token_type_ids.push_back(i < tokens / 2 ? 0 : 1);
  }
  return pair;
}

}  // namespace tensor_service
