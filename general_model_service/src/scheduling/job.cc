// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "scheduling/job.h"

#include <algorithm>
#include <atomic>
#include <cctype>
#include <numeric>
#include <optional>
#include <span>

#include "report/log.h"
#include "scheduling/value_check.h"

namespace tensor_service {
namespace {

[[noreturn]] void refuse(const std::string& field, const std::string& problem,
                         Status status = Status::kInvalid) {
  throw CallError(status, field + ": " + problem);
}

// What a caller sent is as long as the caller likes; of what ends in a message the rest is cut.
std::string shown(std::string_view name) { return "'" + std::string(name.substr(0, 64)) + "'"; }

std::string shown(const Shape& shape) {
  constexpr std::size_t kMost = 16;
  if (shape.size() <= kMost) {
    return shape_text(shape);
  }
  std::string text = shape_text(std::span(shape).first(kMost));
  text.pop_back();
  return text + ", ... of " + std::to_string(shape.size()) + " lengths]";
}

template <typename Items>
std::string aliases(const Items& items) {
  std::string names;
  for (const auto& item : items) {
    names += (names.empty() ? "" : ", ") + item.spec.alias;
  }
  return names;
}

// Index of the input or output a client calls by alias or name.
template <typename Items>
std::optional<std::size_t> find_named(const Items& items, std::string_view name) {
  if (name.empty()) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].spec.alias == name) {
      return i;
    }
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].spec.name == name) {
      return i;
    }
  }
  return std::nullopt;
}

std::size_t input_of(const Model& model, const Tensor& tensor, std::size_t number) {
  auto input = find_named(model.inputs, tensor.alias);
  if (!input) {
    input = find_named(model.inputs, tensor.name);
  }
  if (!input) {
    const std::string called = !tensor.alias.empty() ? tensor.alias : tensor.name;
    refuse(
        "tensor[" + std::to_string(number) + "].alias_name",
        shown(called) + " is not an input of this bundle; its inputs are " + aliases(model.inputs));
  }
  return *input;
}

std::string expected_shape(const Input& input) {
  std::string text = "[";
  for (std::size_t i = 0; i < input.shape.size(); ++i) {
    text += i == 0 ? "" : ", ";
    text +=
        input.shape[i] >= 0 ? std::to_string(input.shape[i]) : std::string(i == 0 ? "rows" : "any");
  }
  return text + "]";
}

// Elements of the shape; refuses what is negative or larger than any body.
std::int64_t elements(const std::string& field, const Shape& shape) {
  constexpr std::int64_t kMost = std::int64_t{1} << 40;
  std::int64_t count = 1;
  for (const std::int64_t length : shape) {
    if (length < 0) {
      refuse(field, "shape " + shown(shape) + " has a negative length");
    }
    if (length != 0 && count > kMost / length) {
      refuse(field, "shape " + shown(shape) + " is too large", Status::kOverflow);
    }
    count *= length;
  }
  return count;
}

void check_elements(const std::string& field, const Input& input, const Tensor& tensor,
                    const Shape& shape) {
  if (tensor.type != input.spec.type) {
    refuse(field, "elem_type is " + std::string(elem_type_name(tensor.type)) +
                      ", this input takes " + std::string(elem_type_name(input.spec.type)) +
                      " (elem_type " + std::to_string(static_cast<int>(input.spec.type)) + ")");
  }
  const std::int64_t wanted = elements(field, shape);
  if (static_cast<std::int64_t>(tensor.count()) != wanted) {
    refuse(field,
           "holds " + std::to_string(tensor.count()) + " elements, its shape " + shown(shape) +
               " needs " + std::to_string(wanted),
           Status::kOverflow);
  }
}

void check_lengths(const std::string& field, const Input& input, const Shape& shape) {
  bool fits = shape.size() == input.shape.size();
  // a fixed batch means that the rows cannot be told apart; then it must match too
  for (std::size_t i = 0; fits && i < shape.size(); ++i) {
    fits = input.shape[i] < 0 || input.shape[i] == shape[i];
  }
  if (!fits) {
    refuse(field, "shape is " + shown(shape) + ", this input takes " + expected_shape(input));
  }
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) {
    refuse(field, "shape " + shown(shape) + " has no elements; send at least one row");
  }
}

// The rows of one tensor, appended to the input's.
class RowReader {
 public:
  RowReader(const std::string& field, const Input& input, const Tensor& tensor,
            std::vector<RowFeed>& rows)
      : field_(field), input_(input), tensor_(tensor), shape_(tensor.shape), rows_(rows) {}

  Shape read() {
    complete_shape();
    check_elements(field_, input_, tensor_, shape_);
    const std::size_t first = rows_.size();
    Shape trailing = tensor_.lod.empty() ? read_equal() : read_lod();
    check_values(first);
    return trailing;
  }

 private:
  // HttpClient knows no more of a list than the number of its rows, when the bundle leaves their
  // length open, and sends that as the shape.
  void complete_shape() {
    const auto count = static_cast<std::int64_t>(tensor_.count());
    if (input_.shape.size() == 2 && input_.shape[1] < 0 && tensor_.lod.empty() &&
        shape_.size() == 1 && shape_[0] > 0 && count > shape_[0] && count % shape_[0] == 0) {
      shape_.push_back(count / shape_[0]);
    }
  }

  // Of the rows from the first on, which are this tensor's.
  void check_values(std::size_t first) const {
    if (const auto wrong = find_wrong_value(tensor_, input_.bounds)) {
      refuse_value(*wrong, first);
    }
    for (std::size_t row = first; input_.bounds.pad_id && row < rows_.size(); ++row) {
      if (is_all(rows_[row].data, rows_[row].length, tensor_.type, *input_.bounds.pad_id)) {
        refuse(field_ + "[" + std::to_string(row) + "]",
               "the row is all padding; send its tokens, or leave the row out");
      }
    }
  }

  [[noreturn]] void refuse_value(const WrongValue& wrong, std::size_t first) const {
    const char* const at = tensor_.data.data() + wrong.place * element_size(input_.spec.type);
    std::size_t row = first;
    while (row + 1 < rows_.size() && rows_[row + 1].data <= at) {
      ++row;
    }
    const auto place =
        static_cast<std::size_t>(at - rows_[row].data) / element_size(input_.spec.type);
    const std::string range = "must be from " + std::to_string(wrong.low) + " to " +
                              std::to_string(wrong.high) + ", got " + std::to_string(wrong.value);
    refuse(field_ + "[" + std::to_string(row) + "][" + std::to_string(place) + "]",
           range + (input_.bounds.size ? "; encode the texts with this bundle's own tokenizer"
                                       : "; the engine computes with 32 bits"));
  }

  Shape read_equal() {
    const Shape& shape = shape_;
    check_lengths(field_, input_, shape);
    const std::int64_t length = shape.size() > 1 ? shape[1] : 1;
    const std::size_t batch = shape.empty() ? 1 : static_cast<std::size_t>(shape[0]);
    const std::size_t stride = tensor_.data.size() / batch;
    for (std::size_t row = 0; row < batch; ++row) {
      rows_.push_back({tensor_.data.data() + row * stride, length});
    }
    return shape.size() > 2 ? Shape(shape.begin() + 2, shape.end()) : Shape{};
  }

  // lod holds the offsets of rows of different length in a tensor of shape [total, ...]
  Shape read_lod() {
    const std::vector<std::int64_t>& lod = tensor_.lod;
    const Shape& shape = shape_;
    if (shape.empty() || lod.size() < 2 || lod.front() != 0 || lod.back() != shape[0] ||
        !std::is_sorted(lod.begin(), lod.end())) {
      refuse(field_, "lod must rise from 0 to the first length of shape " + shown(shape));
    }
    Shape trailing(shape.begin() + 1, shape.end());
    if (input_.shape.size() == 2 && trailing == Shape{1}) {
      trailing.clear();  // upstream writes [total, 1]
    }
    const std::size_t stride =
        tensor_.data.size() / static_cast<std::size_t>(shape[0] == 0 ? 1 : shape[0]);
    for (std::size_t row = 0; row + 1 < lod.size(); ++row) {
      Shape one{1, lod[row + 1] - lod[row]};
      one.insert(one.end(), trailing.begin(), trailing.end());
      check_lengths(field_, input_, one);
      rows_.push_back({tensor_.data.data() + static_cast<std::size_t>(lod[row]) * stride, one[1]});
    }
    return trailing;
  }

  const std::string& field_;
  const Input& input_;
  const Tensor& tensor_;
  Shape shape_;
  std::vector<RowFeed>& rows_;
};

using RowsByInput = std::vector<std::vector<RowFeed>>;

RowsByInput read_rows(Job& job) {
  const Model& model = *job.model;
  RowsByInput rows(model.inputs.size());
  job.trailing.resize(model.inputs.size());
  for (std::size_t i = 0; i < job.request.tensors.size(); ++i) {
    const Tensor& tensor = job.request.tensors[i];
    const std::size_t input = input_of(model, tensor, i);
    const std::string& field = model.inputs[input].spec.alias;
    const bool first = rows[input].empty();
    Shape trailing = RowReader(field, model.inputs[input], tensor, rows[input]).read();
    if (!first && trailing != job.trailing[input]) {
      refuse(field, "its tensors differ in shape after the row's length");
    }
    job.trailing[input] = std::move(trailing);
  }
  for (std::size_t input = 0; input < rows.size(); ++input) {
    if (rows[input].empty()) {
      refuse(model.inputs[input].spec.alias, "missing; this bundle takes " + aliases(model.inputs));
    }
    if (rows[input].size() != rows[0].size()) {
      refuse(model.inputs[input].spec.alias, "has " + std::to_string(rows[input].size()) +
                                                 " rows, " + model.inputs[0].spec.alias + " has " +
                                                 std::to_string(rows[0].size()) +
                                                 "; send the same number for each input");
    }
  }
  return rows;
}

// A graph looks a position up for each token, and finds none behind its table.
void check_positions(const Job& job) {
  for (std::size_t input = 0; input < job.model->inputs.size(); ++input) {
    const Input& declared = job.model->inputs[input];
    for (std::size_t row = 0; declared.bounds.positions && row < job.rows; ++row) {
      const std::int64_t length = job.feed(row, input).length;
      if (length > *declared.bounds.positions) {
        refuse(declared.spec.alias + "[" + std::to_string(row) + "]",
               std::to_string(length) + " tokens, the graph has positions for " +
                   std::to_string(*declared.bounds.positions) + "; truncate the title");
      }
    }
  }
}

void check_row_lengths(const Job& job) {
  check_positions(job);
  const auto& manifest = job.model->bundle.manifest;
  if (!manifest) {
    return;
  }
  for (std::size_t row = 0; row < job.rows; ++row) {
    for (std::size_t input = 0; input < job.model->inputs.size(); ++input) {
      const std::int64_t length = job.feed(row, input).length;
      const std::string& alias = job.model->inputs[input].spec.alias;
      if (length > manifest->max_seq_length) {
        refuse(alias, "row " + std::to_string(row) + " has " + std::to_string(length) +
                          " tokens, the bundle takes at most " +
                          std::to_string(manifest->max_seq_length) + "; truncate the title");
      }
      if (length != job.feed(row, 0).length) {
        refuse(alias, "row " + std::to_string(row) + " has " + std::to_string(length) +
                          " tokens, " + job.model->inputs[0].spec.alias + " has " +
                          std::to_string(job.feed(row, 0).length));
      }
    }
  }
}

void fill_rows(Job& job, const RowsByInput& rows) {
  const std::size_t inputs = rows.size();
  job.rows = rows[0].size();
  job.feeds.reserve(job.rows * inputs);
  job.tokens.resize(job.rows);
  for (std::size_t row = 0; row < job.rows; ++row) {
    for (std::size_t input = 0; input < inputs; ++input) {
      const RowFeed& feed = rows[input][row];
      job.feeds.push_back(feed);
      job.tokens[row] = std::max(job.tokens[row], feed.length);
      job.equal_rows = job.equal_rows && feed.length == rows[input][0].length;
    }
  }
  job.total_tokens = std::accumulate(job.tokens.begin(), job.tokens.end(), std::int64_t{0});
}

// Whether a name is one that Paddle gives to variables inside of a graph, such as sigmoid_2.tmp_0.
// Each export counts them anew, so a client's was right for another export of the ranker.
bool is_of_a_graph(std::string_view name) {
  constexpr std::string_view kMark = ".tmp_";
  const auto mark = name.rfind(kMark);
  if (mark == std::string_view::npos || mark == 0) {
    return false;
  }
  const auto number = name.substr(mark + kMark.size());
  const bool counted =
      !number.empty() && number.find_first_not_of("0123456789") == std::string_view::npos;
  return counted && std::all_of(name.begin(), name.begin() + mark, [](unsigned char letter) {
           return std::isalnum(letter) != 0 || letter == '_' || letter == '.';
         });
}

// The output that a single name of another graph can only mean: the scores.
std::optional<std::size_t> score_output(const std::vector<Output>& outputs,
                                        const std::vector<std::string>& names) {
  if (names.size() != 1 || !is_of_a_graph(names[0])) {
    return std::nullopt;
  }
  const auto score =
      outputs.size() == 1 ? std::optional<std::size_t>(0) : find_named(outputs, "predict");
  static std::atomic_flag told;
  if (score && !told.test_and_set()) {
    log_line("fetch_var_names: " + shown(names[0]) +
             " is no output of this bundle and is taken for its scores, " +
             shown(outputs[*score].spec.alias) + "; told once");
  }
  return score;
}

void choose_fetches(Job& job, bool first_output) {
  const auto& outputs = job.model->outputs;
  if (job.request.fetch_names.empty()) {
    job.fetches.resize(outputs.size());
    std::iota(job.fetches.begin(), job.fetches.end(), std::size_t{0});
    return;
  }
  for (const std::string& name : job.request.fetch_names) {
    auto output = find_named(outputs, name);
    if (!output && !first_output) {
      output = score_output(outputs, job.request.fetch_names);
    }
    if (!output && !first_output) {
      refuse("fetch_var_names",
             shown(name) + " is not an output of this bundle; its outputs are " + aliases(outputs));
    }
    job.fetches.push_back(output.value_or(0));
  }
}

}  // namespace

std::shared_ptr<Job> make_job(InferenceRequest&& request, std::shared_ptr<Model> model,
                              bool first_output) {
  auto job = std::make_shared<Job>();
  job->request = std::move(request);
  job->model = std::move(model);
  choose_fetches(*job, first_output);
  fill_rows(*job, read_rows(*job));
  check_row_lengths(*job);
  if (!job->equal_rows && !job->model->rows_independent) {
    refuse(job->model->inputs[0].spec.alias,
           "rows of different length need a bundle whose inputs and outputs all have a batch axis");
  }
  return job;
}

}  // namespace tensor_service
