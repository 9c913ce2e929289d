// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Rows of one or several jobs that run together, padded to one shape: filled by the scheduler, fed
// to an engine, its outputs handed back to the jobs row by row.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "scheduling/job.h"

namespace tensor_service {

struct BatchRow {
  std::shared_ptr<Job> job;
  std::uint32_t row = 0;
  std::string failure = {};  // why this row alone has no answer, after run_batch
};

// Input buffers that a worker keeps between batches.
struct BatchBuffers {
  std::vector<std::string> inputs;  // by the model's inputs
  std::vector<Shape> shapes;
};

// Runs the rows on an engine of their common model. shape is what they are padded to: each row with
// zeros, where the length is not 0, and the batch with copies of its first row, where it has more
// rows. Stores each row's outputs in its job, or its failure: an output that is no number is no
// score. Throws std::runtime_error when the engine fails, CallError when outputs of one job cannot
// be joined.
void run_batch(std::vector<BatchRow>& rows, const BatchShape& shape, Engine& engine,
               BatchBuffers& buffers);

}  // namespace tensor_service
