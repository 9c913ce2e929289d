// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "scheduling/batch.h"

#include <algorithm>
#include <cstring>

#include "tensor/finite.h"

namespace tensor_service {
namespace {

std::int64_t product(const Shape& shape, std::size_t from = 0) {
  std::int64_t count = 1;
  for (std::size_t i = from; i < shape.size(); ++i) {
    count *= shape[i];
  }
  return count;
}

// Longest row of an input, or pad_to when that is more.
std::int64_t padded_length(const std::vector<BatchRow>& rows, std::size_t input,
                           std::int64_t pad_to) {
  std::int64_t length = 0;
  for (const BatchRow& row : rows) {
    length = std::max(length, row.job->feed(row.row, input).length);
  }
  // only an input whose rows have a length of their own is padded further
  const bool varies = rows[0].job->model->inputs[input].shape.size() > 1 &&
                      rows[0].job->model->inputs[input].shape[1] < 0;
  return varies ? std::max(length, pad_to) : length;
}

void fill_input(const std::vector<BatchRow>& rows, std::size_t input, const BatchShape& padded,
                BatchBuffers& buffers) {
  const Job& first = *rows[0].job;
  const Input& declared = first.model->inputs[input];
  const Shape& trailing = first.trailing[input];
  const std::int64_t length = padded_length(rows, input, padded.length);
  const std::size_t inner =
      static_cast<std::size_t>(product(trailing)) * element_size(declared.spec.type);
  const std::size_t stride = static_cast<std::size_t>(length) * inner;
  const std::size_t count = std::max(rows.size(), static_cast<std::size_t>(padded.rows));

  Shape& shape = buffers.shapes[input];
  shape.clear();
  if (!declared.shape.empty()) {
    shape.push_back(static_cast<std::int64_t>(count));
  }
  if (declared.shape.size() > 1) {
    shape.push_back(length);
  }
  shape.insert(shape.end(), trailing.begin(), trailing.end());

  std::string& buffer = buffers.inputs[input];
  buffer.resize(stride * count);
  char* target = buffer.data();
  for (const BatchRow& row : rows) {
    const RowFeed& feed = row.job->feed(row.row, input);
    const std::size_t bytes = static_cast<std::size_t>(feed.length) * inner;
    std::memcpy(target, feed.data, bytes);
    std::memset(target + bytes, 0, stride - bytes);
    target += stride;
  }
  for (std::size_t more = rows.size(); more < count; ++more, target += stride) {
    std::memcpy(target, buffer.data(), stride);
  }
}

// Gives the job its output tensor on its first batch, when the shape of a row is known.
void prepare_output(Job& job, std::size_t number, const TensorView& view, bool whole) {
  Tensor& output = job.outputs[number];
  const Output& declared = job.model->outputs[job.fetches[number]];
  Shape shape(view.shape.begin(), view.shape.end());
  if (!whole) {
    shape[0] = static_cast<std::int64_t>(job.rows);
  }
  if (!output.name.empty()) {
    if (output.shape != shape) {
      throw CallError(Status::kInvalid, declared.spec.alias +
                                            ": rows of different length give it different shapes; "
                                            "send them in separate requests");
    }
    return;
  }
  output.name = declared.spec.name;
  output.alias = declared.spec.alias;
  output.type = view.type;
  output.data.resize(static_cast<std::size_t>(product(shape)) * element_size(view.type));
  output.shape = std::move(shape);
}

// A computation that went wrong, in a graph or an engine, must not come out as a score.
void note_failure(const Tensor& output, std::string_view elements, BatchRow& row) {
  if (row.failure.empty() && !all_finite(output.type, elements)) {
    row.failure = output.alias + "[" + std::to_string(row.row) +
                  "]: the graph computed NaN or infinity; send other values, or export the bundle "
                  "again";
  }
}

void store_row(BatchRow& batched, std::size_t batch_row, const std::vector<TensorView>& views) {
  Job& job = *batched.job;
  const std::size_t row = batched.row;
  const std::lock_guard lock(job.outputs_mutex);
  job.outputs.resize(job.fetches.size());
  for (std::size_t i = 0; i < job.fetches.size(); ++i) {
    const TensorView& view = views[job.model->outputs[job.fetches[i]].port];
    prepare_output(job, i, view, false);
    const std::size_t bytes = job.outputs[i].data.size() / job.rows;
    char* const target = job.outputs[i].data.data() + row * bytes;
    std::memcpy(target, view.data + batch_row * bytes, bytes);
    note_failure(job.outputs[i], {target, bytes}, batched);
  }
}

// The outputs as they are, for a graph whose rows cannot be told apart.
void store_whole(Job& job, const std::vector<TensorView>& views) {
  const std::lock_guard lock(job.outputs_mutex);
  job.outputs.resize(job.fetches.size());
  for (std::size_t i = 0; i < job.fetches.size(); ++i) {
    const TensorView& view = views[job.model->outputs[job.fetches[i]].port];
    prepare_output(job, i, view, true);
    if (!job.outputs[i].data.empty()) {
      std::memcpy(job.outputs[i].data.data(), view.data, job.outputs[i].data.size());
    }
  }
}

void check_batch_axis(const Model& model, const std::vector<TensorView>& views, std::size_t rows) {
  for (const Output& output : model.outputs) {
    const auto& shape = views[output.port].shape;
    if (shape.empty() || shape[0] != static_cast<std::int64_t>(rows)) {
      throw std::runtime_error(output.spec.alias + ": the graph returned shape " +
                               shape_text(shape) + " for " + std::to_string(rows) + " rows");
    }
  }
}

}  // namespace

void run_batch(std::vector<BatchRow>& rows, const BatchShape& shape, Engine& engine,
               BatchBuffers& buffers) {
  const Model& model = *rows[0].job->model;
  const std::size_t inputs = model.inputs.size();
  buffers.inputs.resize(inputs);
  buffers.shapes.resize(inputs);
  std::vector<TensorView> feeds(inputs);
  for (std::size_t i = 0; i < inputs; ++i) {
    fill_input(rows, i, shape, buffers);
    feeds[model.inputs[i].port] = {
        .type = model.inputs[i].spec.type,
        .shape = buffers.shapes[i],
        .data = reinterpret_cast<const std::byte*>(buffers.inputs[i].data())};
  }
  const std::vector<TensorView> views = engine.run(feeds);
  if (!model.rows_independent) {
    store_whole(*rows[0].job, views);
    for (const Tensor& output : rows[0].job->outputs) {
      note_failure(output, output.data, rows[0]);
    }
    return;
  }
  check_batch_axis(model, views, std::max(rows.size(), static_cast<std::size_t>(shape.rows)));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    store_row(rows[i], i, views);
  }
}

}  // namespace tensor_service
