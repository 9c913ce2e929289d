// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// OpenVINO's CPU plugin behind Engine, through its C API only: the C++ classes of its wheel have
// the ABI of an older standard library.

#include <algorithm>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "engine/engine.h"
#include "engine/openvino_graph.h"
#include "engine/openvino_handle.h"

namespace tensor_service {
namespace {

using namespace openvino;

// An input of the request; its tensor handle is kept while the caller comes with the same memory
// and shape.
struct InputSlot {
  TensorPtr tensor;
  const std::byte* data = nullptr;
  Shape shape;

  bool is_empty() const { return std::find(shape.begin(), shape.end(), 0) != shape.end(); }
};

struct OutputSlot {
  TensorPtr tensor;
  Shape shape;
};

// Keeps what must not be freed.
void quarantine(Compiled compiled) {
  static std::mutex mutex;
  static auto& kept = *new std::vector<Compiled>;
  const std::lock_guard lock(mutex);
  kept.push_back(std::move(compiled));
}

bool varies(const Port& port) {
  return std::find(port.shape.begin(), port.shape.end(), -1) != port.shape.end();
}

class OpenVinoEngine : public Engine {
 public:
  OpenVinoEngine(std::shared_ptr<const Graph> graph, const EngineOptions& options)
      : graph_(std::move(graph)),
        options_(options),
        compiled_(compile(*graph_, options_)),
        input_slots_(graph_->inputs.size()),
        output_slots_(graph_->outputs.size()),
        may_go_direct_(std::all_of(graph_->outputs.begin(), graph_->outputs.end(), varies)) {}

  const std::vector<Port>& inputs() const override { return graph_->inputs; }
  const std::vector<Port>& outputs() const override { return graph_->outputs; }

  std::vector<TensorView> run(std::span<const TensorView> feeds) override try {
    if (feeds.size() != input_slots_.size()) {
      throw std::runtime_error("the graph takes " + std::to_string(input_slots_.size()) +
                               " inputs, not " + std::to_string(feeds.size()));
    }
    if (!compiled_.request) {
      recompile();
    }
    set_inputs(feeds);
    if (!compute_direct()) {
      set_inputs(feeds);
      compute_reported();
    }
    std::vector<TensorView> views;
    for (std::size_t i = 0; i < output_slots_.size(); ++i) {
      views.push_back(fetch(i));
    }
    return views;
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(graph_->file + ": " + error.what());
  }

 private:
  void set_inputs(std::span<const TensorView> feeds) {
    for (std::size_t i = 0; i < feeds.size(); ++i) {
      set_input(i, feeds[i]);
    }
  }

  void set_input(std::size_t number, const TensorView& view) {
    InputSlot& slot = input_slots_[number];
    const Port& port = graph_->inputs[number];
    if (view.type != port.type) {
      throw std::runtime_error(port.name + ": the graph takes " +
                               std::string(elem_type_name(port.type)) + ", not " +
                               std::string(elem_type_name(view.type)));
    }
    if (std::any_of(view.shape.begin(), view.shape.end(), [](auto length) { return length < 0; })) {
      throw std::runtime_error(port.name + ": " + shape_text(view.shape) + " is not a shape");
    }
    if (slot.tensor && slot.data == view.data &&
        std::equal(slot.shape.begin(), slot.shape.end(), view.shape.begin(), view.shape.end())) {
      return;
    }
    slot.tensor.reset();
    slot.shape.assign(view.shape.begin(), view.shape.end());
    const ov_shape_t shape{static_cast<std::int64_t>(slot.shape.size()), slot.shape.data()};
    // OpenVINO only reads its inputs; its C API has no const
    void* data = const_cast<std::byte*>(view.data);
    TensorPtr tensor =
        made_by<TensorPtr>(ov_tensor_create_from_host_ptr, type_from(view.type), shape, data);
    check(ov_infer_request_set_tensor_by_const_port(compiled_.request.get(),
                                                    compiled_.inputs[number].get(), tensor.get()));
    slot.tensor = std::move(tensor);
    slot.data = view.data;
  }

  // With one thread, infer computes in this thread without a detour, but returns OK also when it
  // failed, and leaves the outputs of the run before (OpenVINO 2025.3, CPUStreamsExecutor's Defer).
  // The outputs are therefore emptied before, and one that is still empty tells. False: nothing was
  // computed, or it failed; compute_reported then finds out.
  bool compute_direct() {
    if (compiled_.path != Path::kSwallowed || !may_go_direct_ ||
        std::any_of(input_slots_.begin(), input_slots_.end(),
                    [](const InputSlot& slot) { return slot.is_empty(); })) {
      return false;
    }
    for (std::size_t i = 0; i < output_slots_.size(); ++i) {
      empty_output(i);
    }
    check(ov_infer_request_infer(compiled_.request.get()));
    for (std::size_t i = 0; i < output_slots_.size(); ++i) {
      if (is_empty(i)) {
        // The plugin keeps the failed run, with a pointer to the request, for the next graph that
        // is given the same executor: as long as this one lives, none is. It happens once to an
        // engine: from now on it computes the way that reports errors.
        may_go_direct_ = false;
        forget_tensors();
        quarantine(std::exchange(compiled_, {}));
        compiled_ = compile(*graph_, options_);
        return false;
      }
    }
    return true;
  }

  void compute_reported() {
    try {
      if (compiled_.path == Path::kSwallowed) {
        check(ov_infer_request_start_async(compiled_.request.get()));
        check(ov_infer_request_wait(compiled_.request.get()));
      } else {
        check(ov_infer_request_infer(compiled_.request.get()));
      }
    } catch (const std::runtime_error&) {
      // some of the graph's nodes have the shapes of this run by now, others those of the run
      // before; it would fail, or worse, with good inputs too
      recompile();
      throw;
    }
  }

  void recompile() {
    forget_tensors();
    compiled_ = Compiled{};
    compiled_ = compile(*graph_, options_);
  }

  void forget_tensors() {
    for (InputSlot& slot : input_slots_) {
      slot = InputSlot{};
    }
    for (OutputSlot& slot : output_slots_) {
      slot = OutputSlot{};
    }
  }

  ov_tensor_t* output(std::size_t number) {
    TensorPtr& tensor = output_slots_[number].tensor;
    tensor = made_by<TensorPtr>(ov_infer_request_get_tensor_by_const_port, compiled_.request.get(),
                                compiled_.outputs[number].get());
    return tensor.get();
  }

  void empty_output(std::size_t number) {
    Shape shape = graph_->outputs[number].shape;
    std::replace(shape.begin(), shape.end(), std::int64_t{-1}, std::int64_t{0});
    check(ov_tensor_set_shape(output(number),
                              {static_cast<std::int64_t>(shape.size()), shape.data()}));
  }

  bool is_empty(std::size_t number) {
    std::size_t size = 0;
    check(ov_tensor_get_size(output(number), &size));
    return size == 0;
  }

  TensorView fetch(std::size_t number) {
    OutputSlot& slot = output_slots_[number];
    const ov_tensor_t* tensor = output(number);
    ov_element_type_e type{};
    check(ov_tensor_get_element_type(tensor, &type));
    ov_shape_t shape{};
    check(ov_tensor_get_shape(tensor, &shape));
    const ShapeOwner owner(&shape);
    slot.shape.assign(shape.dims, shape.dims + shape.rank);
    void* data = nullptr;
    check(ov_tensor_data(tensor, &data));
    return {type_from(type), slot.shape, static_cast<const std::byte*>(data)};
  }

  std::shared_ptr<const Graph> graph_;
  EngineOptions options_;
  Compiled compiled_;
  std::vector<InputSlot> input_slots_;
  std::vector<OutputSlot> output_slots_;
  bool may_go_direct_;
};

}  // namespace

std::filesystem::path weights_of(const std::filesystem::path& model) {
  if (model.extension() == ".onnx") {
    return {};
  }
  std::filesystem::path weights = model;
  return weights.replace_extension(model.extension() == ".pdmodel" ? ".pdiparams" : ".bin");
}

std::vector<std::unique_ptr<Engine>> make_openvino_engines(const std::filesystem::path& model,
                                                           EngineOptions options,
                                                           const std::vector<int>& threads) try {
  const auto graph = std::make_shared<const Graph>(read_graph(model, options.names));
  std::vector<std::unique_ptr<Engine>> engines;
  for (const int each : threads) {
    options.threads = each;
    engines.push_back(std::make_unique<OpenVinoEngine>(graph, options));
  }
  return engines;
} catch (const std::runtime_error& error) {
  // OpenVINO does not say which of the two files it could not read
  const std::string weights = weights_of(model).filename().string();
  throw std::runtime_error(model.string() + (weights.empty() ? "" : " with " + weights) + ": " +
                           error.what() + "; export or copy the bundle again");
}

}  // namespace tensor_service
