// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A model small enough to compute by hand, for the tests of what stands before the engine: input
// "ids" [rows, any] and "types" [rows, any], output "sum" [rows, 1] = sum of ids x (1 + type).
// Padding with zeros does not change it.

#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/model.h"
#include "scheduling/job.h"

namespace tensor_service {

// Lets a test hold engines in the middle of a batch.
class Gate {
 public:
  void close() {
    const std::lock_guard lock(mutex_);
    open_ = false;
  }
  void open() {
    {
      const std::lock_guard lock(mutex_);
      open_ = true;
    }
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = true;
};

// What engines were asked to run, and whether to fail.
struct SumLog {
  std::mutex mutex;
  std::vector<Shape> shapes;
  Gate gate;
  bool fail = false;
  std::optional<float> instead;  // the sum of rows that begin with 9

  std::size_t batches() {
    const std::lock_guard lock(mutex);
    return shapes.size();
  }
};

class SumEngine : public Engine {
 public:
  explicit SumEngine(SumLog& log) : log_(log) {}

  const std::vector<Port>& inputs() const override { return inputs_; }
  const std::vector<Port>& outputs() const override { return outputs_; }

  std::vector<TensorView> run(std::span<const TensorView> feeds) override {
    {
      const std::lock_guard lock(log_.mutex);
      log_.shapes.emplace_back(feeds[0].shape.begin(), feeds[0].shape.end());
    }
    log_.gate.pass();
    if (log_.fail) {
      throw std::runtime_error("out of order");
    }
    const auto rows = static_cast<std::size_t>(feeds[0].shape[0]);
    const auto length = static_cast<std::size_t>(feeds[0].shape[1]);
    const auto* ids = reinterpret_cast<const std::int64_t*>(feeds[0].data);
    const auto* types = reinterpret_cast<const std::int64_t*>(feeds[1].data);
    sums_.assign(rows, 0.0F);
    for (std::size_t i = 0; i < rows * length; ++i) {
      sums_[i / length] += static_cast<float>(ids[i] * (1 + types[i]));
    }
    for (std::size_t row = 0; log_.instead && row < rows; ++row) {
      sums_[row] = ids[row * length] == 9 ? *log_.instead : sums_[row];
    }
    shape_ = {feeds[0].shape[0], 1};
    return {{ElemType::kFp32, shape_, reinterpret_cast<const std::byte*>(sums_.data())}};
  }

 private:
  SumLog& log_;
  std::vector<Port> inputs_{{"ids", ElemType::kInt64, {-1, -1}},
                            {"types", ElemType::kInt64, {-1, -1}}};
  std::vector<Port> outputs_{{"sum.tmp_0", ElemType::kFp32, {-1, 1}}};
  std::vector<float> sums_;
  Shape shape_;
};

inline std::shared_ptr<Model> sum_model(SumLog& log, int engines = 1,
                                        std::int64_t max_seq_length = 384) {
  auto model = std::make_shared<Model>();
  model->bundle.manifest.emplace();
  model->bundle.manifest->version = "sum";
  model->bundle.manifest->max_seq_length = max_seq_length;
  for (int i = 0; i < engines; ++i) {
    model->engines.push_back(std::make_unique<SumEngine>(log));
    model->idle.push_back(model->engines.back().get());
  }
  model->inputs = {{{"ids", "ids", ElemType::kInt64, {-1}, false}, 0, {-1, -1}},
                   {{"types", "types", ElemType::kInt64, {-1}, false}, 1, {-1, -1}}};
  model->outputs = {
      {{"sum.tmp_0", "sum", ElemType::kFp32, {1}, false}, 0, ElemType::kFp32, {-1, 1}}};
  model->rows_independent = true;
  model->may_pad = true;
  return model;
}

inline Tensor int64_tensor(std::string alias, Shape shape,
                           const std::vector<std::int64_t>& values) {
  Tensor tensor;
  tensor.alias = std::move(alias);
  tensor.shape = std::move(shape);
  tensor.data.assign(reinterpret_cast<const char*>(values.data()),
                     values.size() * sizeof(std::int64_t));
  return tensor;
}

// One tensor for each row and input: row r has lengths[r] ids, all equal to r + 1.
inline InferenceRequest rows_request(const std::vector<std::int64_t>& lengths) {
  InferenceRequest request;
  for (std::size_t row = 0; row < lengths.size(); ++row) {
    const auto length = static_cast<std::size_t>(lengths[row]);
    const std::vector<std::int64_t> ids(length, static_cast<std::int64_t>(row) + 1);
    request.tensors.push_back(int64_tensor("ids", {1, lengths[row]}, ids));
    request.tensors.push_back(
        int64_tensor("types", {1, lengths[row]}, std::vector<std::int64_t>(length, 0)));
  }
  return request;
}

inline std::vector<float> floats(const Tensor& tensor) {
  const auto* values = reinterpret_cast<const float*>(tensor.data.data());
  return {values, values + tensor.data.size() / sizeof(float)};
}

}  // namespace tensor_service
