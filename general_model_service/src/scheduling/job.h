// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// One request on its way through the engine: its rows, matched with the bundle's inputs, and the
// outputs as batches complete them. make_job checks everything a caller can get wrong.

#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "call/call.h"
#include "call/request.h"
#include "model/model.h"

namespace tensor_service {

// One row of one input: elements of the caller's tensor, length along the first axis after the
// batch.
struct RowFeed {
  const char* data = nullptr;
  std::int64_t length = 1;
};

struct Job {
  InferenceRequest request;  // owns the elements the rows point to
  std::shared_ptr<Model> model;
  std::vector<std::size_t> fetches;  // indices into Model::outputs
  std::size_t rows = 0;
  std::vector<RowFeed> feeds;        // [rows x inputs], row-major
  std::vector<Shape> trailing;       // of each input: its lengths after batch and first axis
  std::vector<std::int64_t> tokens;  // of each row: what it costs, the longest of its inputs
  std::int64_t total_tokens = 0;
  bool equal_rows = true;  // all rows have the same lengths
  std::optional<Clock::time_point> deadline;
  std::atomic<bool> cancelled{false};
  std::shared_ptr<Job> lead;  // of the same call; its cancel is this one's too

  // Called once, when every row is computed or the job has failed; by any thread. What it throws
  // ends the process, or leaves an engine unused for ever.
  std::function<void(Job&)> on_done;

  // The scheduler's, under its lock.
  std::vector<std::uint32_t> pending;  // rows not yet in a batch, longest first
  std::size_t rows_open = 0;           // rows whose results are still to come
  std::int64_t pending_tokens = 0;

  // Results.
  std::mutex outputs_mutex;
  std::vector<Tensor> outputs;  // in the order of fetches
  Status status = Status::kOk;
  std::string message;

  // When things happened, for the metrics and profile_time.
  Clock::time_point received{}, decoded{}, started{}, computed{};

  bool is_cancelled() const {
    return cancelled.load(std::memory_order_relaxed) ||
           (lead && lead->cancelled.load(std::memory_order_relaxed));
  }

  const RowFeed& feed(std::size_t row, std::size_t input) const {
    return feeds[row * model->inputs.size() + input];
  }
};

// Matches the request with the model. first_output answers an unknown fetch name with the first
// output, as upstream does. Throws CallError naming the tensor, what it has and what it should
// have.
std::shared_ptr<Job> make_job(InferenceRequest&& request, std::shared_ptr<Model> model,
                              bool first_output);

}  // namespace tensor_service
