// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "engine/openvino_graph.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <stdexcept>
#include <utility>

namespace tensor_service::openvino {
namespace {

// Entries of each of an engine's caches of kernels; a shape takes up to three. Those of all batches
// that the scheduler makes fit in. After all 6144 shapes of 1 to 16 rows of 1 to 384 tokens the
// process had 305 MB, with OpenVINO's default of 5000 entries 770 MB, in the same time; one shape
// more costs its first batch 2.5 ms.
constexpr const char* kKernelsKept = "1000";

// One for the process: its plugins and their threads are shared. Never freed, since engines of
// other threads may outlive main.
const ov_core_t* core() {
  static const ov_core_t* const instance = [] {
    auto made = made_by<CorePtr>(ov_core_create);
    // weights mapped from an .xml's .bin would change, or end the process, when the file is
    // overwritten in place
    check(ov_core_set_property(made.get(), "", "ENABLE_MMAP", "NO"));
    return made.release();
  }();
  return instance;
}

constexpr std::array<std::pair<ov_element_type_e, ElemType>, 10> kTypes{
    {{ov_element_type_e::I64, ElemType::kInt64},
     {ov_element_type_e::F32, ElemType::kFp32},
     {ov_element_type_e::I32, ElemType::kInt32},
     {ov_element_type_e::F64, ElemType::kFp64},
     {ov_element_type_e::I16, ElemType::kInt16},
     {ov_element_type_e::F16, ElemType::kFp16},
     {ov_element_type_e::BF16, ElemType::kBf16},
     {ov_element_type_e::U8, ElemType::kUint8},
     {ov_element_type_e::I8, ElemType::kInt8},
     {ov_element_type_e::BOOLEAN, ElemType::kBool}}};

std::string any_name(const ov_output_const_port_t* port) {
  char* name = nullptr;
  check(ov_port_get_any_name(port, &name));
  return TextPtr(name).get();
}

Shape shape_of(const ov_output_const_port_t* port) {
  ov_partial_shape_t partial{};
  check(ov_port_get_partial_shape(port, &partial));
  const PartialShapeOwner owner(&partial);
  if (ov_rank_is_dynamic(partial.rank)) {
    throw std::runtime_error("an input or output has no fixed number of dimensions");
  }
  Shape shape;
  for (std::int64_t i = 0; i < partial.rank.max; ++i) {
    shape.push_back(ov_dimension_is_dynamic(partial.dims[i]) ? -1 : partial.dims[i].max);
  }
  return shape;
}

// Functions of the C API that are the same for inputs and outputs.
struct Side {
  decltype(&ov_model_inputs_size) size;
  decltype(&ov_model_const_input_by_index) by_index;
  decltype(&ov_model_const_input_by_name) by_name;
  decltype(&ov_compiled_model_input_by_index) compiled_by_index;
};

constexpr Side kInputs{ov_model_inputs_size, ov_model_const_input_by_index,
                       ov_model_const_input_by_name, ov_compiled_model_input_by_index};
constexpr Side kOutputs{ov_model_outputs_size, ov_model_const_output_by_index,
                        ov_model_const_output_by_name, ov_compiled_model_output_by_index};

// A tensor that has several names is called by the one that the caller knows.
void rename(const ov_model_t* graph, const Side& side, const std::vector<std::string>& names,
            std::vector<Port>& ports) {
  for (const std::string& name : names) {
    ov_output_const_port_t* found = nullptr;
    if (side.by_name(graph, name.c_str(), &found) != ov_status_e::OK) {
      continue;  // a name of the other side, or of another graph: the caller will miss it
    }
    const PortPtr owner(found);
    const std::string other = any_name(found);
    const auto port = std::find_if(ports.begin(), ports.end(),
                                   [&](const Port& known) { return known.name == other; });
    if (port != ports.end()) {
      port->name = name;
    }
  }
}

// Of the graph as read: compiling it merges tensors that turn out the same, and their names.
std::vector<Port> describe(const ov_model_t* graph, const Side& side,
                           const std::vector<std::string>& names) {
  std::size_t count = 0;
  check(side.size(graph, &count));
  std::vector<Port> ports;
  for (std::size_t i = 0; i < count; ++i) {
    const auto port = made_by<PortPtr>(side.by_index, graph, i);
    ov_element_type_e type{};
    check(ov_port_get_element_type(port.get(), &type));
    ports.push_back({any_name(port.get()), type_from(type), shape_of(port.get())});
  }
  rename(graph, side, names, ports);
  return ports;
}

std::vector<PortPtr> ports_of(const ov_compiled_model_t* compiled, const Side& side,
                              std::size_t count) {
  std::vector<PortPtr> ports;
  for (std::size_t i = 0; i < count; ++i) {
    ports.push_back(made_by<PortPtr>(side.compiled_by_index, compiled, i));
  }
  return ports;
}

bool has_one(const ov_compiled_model_t* compiled, const char* property) {
  char* value = nullptr;
  check(ov_compiled_model_get_property(compiled, property, &value));
  return std::string_view(TextPtr(value).get()) == "1";
}

CompiledPtr compile_handle(const ov_model_t* graph, const EngineOptions& options) {
  const std::string threads = std::to_string(options.threads);
  // a quantized graph has its int8 in itself; the rest of it stays fp32
  const char* precision = options.precision == Precision::kBf16 ? "bf16" : "f32";
  // pinned, infer would not compute in the thread that calls it
  const std::array<const char*, 10> p{"NUM_STREAMS",
                                      "1",
                                      "INFERENCE_NUM_THREADS",
                                      threads.c_str(),
                                      "ENABLE_CPU_PINNING",
                                      "NO",
                                      "INFERENCE_PRECISION_HINT",
                                      precision,
                                      "CPU_RUNTIME_CACHE_CAPACITY",
                                      kKernelsKept};
  ov_compiled_model_t* compiled = nullptr;
  if (options.cache.empty()) {
    check(ov_core_compile_model(core(), graph, "CPU", p.size(), &compiled, p[0], p[1], p[2], p[3],
                                p[4], p[5], p[6], p[7], p[8], p[9]));
  } else {
    check(ov_core_compile_model(core(), graph, "CPU", p.size() + 2, &compiled, p[0], p[1], p[2],
                                p[3], p[4], p[5], p[6], p[7], p[8], p[9], "CACHE_DIR",
                                options.cache.c_str()));
  }
  return CompiledPtr(compiled);
}

}  // namespace

ElemType type_from(ov_element_type_e type) {
  for (const auto& [theirs, ours] : kTypes) {
    if (theirs == type) {
      return ours;
    }
  }
  throw std::runtime_error("OpenVINO's element type " + std::to_string(type) +
                           " is none of Paddle Serving's");
}

ov_element_type_e type_from(ElemType type) {
  for (const auto& [theirs, ours] : kTypes) {
    if (ours == type) {
      return theirs;
    }
  }
  throw std::runtime_error("this engine cannot feed strings");
}

Graph read_graph(const std::filesystem::path& model, const std::vector<std::string>& names) {
  Graph graph;
  graph.file = model.string();
  // the weights lie beside it, under the name that OpenVINO expects
  const char* const weights = nullptr;
  graph.handle = made_by<GraphPtr>(ov_core_read_model, core(), model.c_str(), weights);
  graph.inputs = describe(graph.handle.get(), kInputs, names);
  graph.outputs = describe(graph.handle.get(), kOutputs, names);
  if (graph.outputs.empty()) {  // an empty file is read as an empty graph
    throw std::runtime_error("a graph without outputs");
  }
  return graph;
}

Compiled compile(const Graph& graph, const EngineOptions& options) {
  static std::mutex one_at_a_time;  // engines that failed together would clone one graph
  const std::lock_guard lock(one_at_a_time);
  Compiled compiled;
  compiled.handle = compile_handle(graph.handle.get(), options);
  const ov_compiled_model_t* handle = compiled.handle.get();
  compiled.request = made_by<RequestPtr>(ov_compiled_model_create_infer_request, handle);
  compiled.inputs = ports_of(handle, kInputs, graph.inputs.size());
  compiled.outputs = ports_of(handle, kOutputs, graph.outputs.size());
  // asked, not assumed: on one core more threads than one come out as one
  if (has_one(handle, "NUM_STREAMS") && has_one(handle, "INFERENCE_NUM_THREADS")) {
    compiled.path = Path::kSwallowed;
  }
  return compiled;
}

}  // namespace tensor_service::openvino
