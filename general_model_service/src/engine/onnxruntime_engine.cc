// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// ONNX Runtime behind Engine: on a GPU by its CUDA execution provider, or on the CPU, which lets
// the same code be tried without one.

#include <algorithm>
#include <array>
#include <map>
#include <stdexcept>
#include <utility>

#include "engine/engine.h"
#include "engine/onnxruntime_library.h"

namespace tensor_service {
namespace {

using namespace onnxruntime;

constexpr int kFatal = 4;  // of the library's log; errors come with the call's status
constexpr int kAllOptimizations = 99;
constexpr int kDeviceAllocator = 0;  // of memory that the caller owns
constexpr int kDefaultMemory = 0;

// ONNX's numbers of element types.
constexpr std::array<std::pair<int, ElemType>, 10> kTypes{{{1, ElemType::kFp32},
                                                           {2, ElemType::kUint8},
                                                           {3, ElemType::kInt8},
                                                           {5, ElemType::kInt16},
                                                           {6, ElemType::kInt32},
                                                           {7, ElemType::kInt64},
                                                           {9, ElemType::kBool},
                                                           {10, ElemType::kFp16},
                                                           {11, ElemType::kFp64},
                                                           {16, ElemType::kBf16}}};

ElemType type_from(int number) {
  for (const auto& [theirs, ours] : kTypes) {
    if (theirs == number) {
      return ours;
    }
  }
  throw std::runtime_error("ONNX's element type " + std::to_string(number) +
                           " is none of Paddle Serving's");
}

int number_of(ElemType type) {
  for (const auto& [theirs, ours] : kTypes) {
    if (ours == type) {
      return theirs;
    }
  }
  throw std::runtime_error("this engine cannot feed strings");
}

Env* env() {
  static Env* const made = [] {
    Env* handle = nullptr;
    check(api().CreateEnv(kFatal, "tensor_service", &handle));
    return handle;  // as long as the process: sessions need it
  }();
  return made;
}

std::pair<ElemType, Shape> describe(const TensorInfo* info) {
  int type = 0;
  check(api().GetTensorElementType(info, &type));
  std::size_t rank = 0;
  check(api().GetDimensionsCount(info, &rank));
  Shape shape(rank);
  check(api().GetDimensions(info, shape.data(), rank));
  return {type_from(type), std::move(shape)};
}

// One side of a session: what it takes, or what it returns.
struct Side {
  decltype(Api::SessionGetInputCount) count;
  decltype(Api::SessionGetInputTypeInfo) type;
  decltype(Api::SessionGetInputName) name;
};

std::vector<Port> ports_of(const Session* session, const Side& side) {
  Allocator* allocator = nullptr;
  check(api().GetAllocatorWithDefaultOptions(&allocator));
  std::size_t count = 0;
  check(side.count(session, &count));
  std::vector<Port> ports;
  for (std::size_t i = 0; i < count; ++i) {
    char* name = nullptr;
    check(side.name(session, i, allocator, &name));
    Port port{name, {}, {}};
    check(api().AllocatorFree(allocator, name));
    const auto info = made_by<TypeInfoPtr>(side.type, session, i);
    const TensorInfo* tensor = nullptr;  // null for what is no tensor; the info's own
    check(api().CastTypeInfoToTensorInfo(info.get(), &tensor));
    if (tensor == nullptr) {
      throw std::runtime_error(port.name + " is no tensor");
    }
    std::tie(port.type, port.shape) = describe(tensor);
    ports.push_back(std::move(port));
  }
  return ports;
}

void put_on_gpu(SessionOptions* session, int gpu) try {
  const auto cuda = made_by<CudaOptionsPtr>(api().CreateCUDAProviderOptions);
  const std::string number = std::to_string(gpu);
  // TF32 keeps ten bits of a factor, too few for scores of fp32
  const std::array<const char*, 2> keys{"device_id", "use_tf32"};
  const std::array<const char*, 2> values{number.c_str(), "0"};
  check(api().UpdateCUDAProviderOptions(cuda.get(), keys.data(), values.data(), keys.size()));
  check(api().SessionOptionsAppendExecutionProvider_CUDA_V2(session, cuda.get()));
} catch (const std::runtime_error& error) {
  throw std::runtime_error(std::string(error.what()) +
                           "; a GPU needs onnxruntime-gpu[cuda,cudnn] and NVIDIA's driver");
}

// A graph on its device. Several engines run it at once.
struct Compiled {
  std::string file;
  SessionPtr session;
  MemoryInfoPtr memory;
  std::vector<Port> inputs;
  std::vector<Port> outputs;
};

std::shared_ptr<const Compiled> compile(const std::filesystem::path& model, int threads,
                                        std::optional<int> gpu) {
  const Env* const environment = env();  // CUDA's part logs to it: it has to be there first
  const auto options = made_by<SessionOptionsPtr>(api().CreateSessionOptions);
  check(api().SetSessionLogSeverityLevel(options.get(), kFatal));
  check(api().SetSessionGraphOptimizationLevel(options.get(), kAllOptimizations));
  check(api().SetIntraOpNumThreads(options.get(), threads));
  check(api().SetInterOpNumThreads(options.get(), 1));
  // threads that wait must not take the cores from those that serve
  check(api().AddSessionConfigEntry(options.get(), "session.intra_op.allow_spinning", "0"));
  if (gpu) {
    put_on_gpu(options.get(), *gpu);
  }
  auto compiled = std::make_shared<Compiled>();
  compiled->file = model.string();
  compiled->session =
      made_by<SessionPtr>(api().CreateSession, environment, model.c_str(), options.get());
  compiled->memory =
      made_by<MemoryInfoPtr>(api().CreateCpuMemoryInfo, kDeviceAllocator, kDefaultMemory);
  const Session* session = compiled->session.get();
  compiled->inputs = ports_of(session, {api().SessionGetInputCount, api().SessionGetInputTypeInfo,
                                        api().SessionGetInputName});
  compiled->outputs = ports_of(
      session,
      {api().SessionGetOutputCount, api().SessionGetOutputTypeInfo, api().SessionGetOutputName});
  return compiled;
}

class OnnxRuntimeEngine : public Engine {
 public:
  explicit OnnxRuntimeEngine(std::shared_ptr<const Compiled> compiled)
      : compiled_(std::move(compiled)),
        values_(compiled_->outputs.size()),
        shapes_(compiled_->outputs.size()) {
    for (const Port& port : compiled_->inputs) {
      input_names_.push_back(port.name.c_str());
    }
    for (const Port& port : compiled_->outputs) {
      output_names_.push_back(port.name.c_str());
    }
  }

  const std::vector<Port>& inputs() const override { return compiled_->inputs; }
  const std::vector<Port>& outputs() const override { return compiled_->outputs; }

  std::vector<TensorView> run(std::span<const TensorView> feeds) override try {
    if (feeds.size() != input_names_.size()) {
      throw std::runtime_error("the graph takes " + std::to_string(input_names_.size()) +
                               " inputs, not " + std::to_string(feeds.size()));
    }
    std::vector<ValuePtr> inputs;
    std::vector<const Value*> fed;
    for (std::size_t i = 0; i < feeds.size(); ++i) {
      inputs.push_back(input(compiled_->inputs[i], feeds[i]));
      fed.push_back(inputs.back().get());
    }
    std::vector<Value*> fetched(values_.size());
    check(api().Run(compiled_->session.get(), nullptr, input_names_.data(), fed.data(), fed.size(),
                    output_names_.data(), fetched.size(), fetched.data()));
    std::vector<TensorView> views;
    for (std::size_t i = 0; i < fetched.size(); ++i) {
      values_[i].reset(fetched[i]);
    }
    for (std::size_t i = 0; i < fetched.size(); ++i) {
      views.push_back(fetch(i));
    }
    return views;
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(compiled_->file + ": " + error.what());
  }

 private:
  ValuePtr input(const Port& port, const TensorView& view) const {
    if (view.type != port.type) {
      throw std::runtime_error(port.name + ": the graph takes " +
                               std::string(elem_type_name(port.type)) + ", not " +
                               std::string(elem_type_name(view.type)));
    }
    std::size_t bytes = element_size(view.type);
    for (const std::int64_t length : view.shape) {
      if (length < 0) {
        throw std::runtime_error(port.name + ": " + shape_text(view.shape) + " is not a shape");
      }
      bytes *= static_cast<std::size_t>(length);
    }
    // ONNX Runtime only reads its inputs; its C API has no const
    void* data = const_cast<std::byte*>(view.data);
    return made_by<ValuePtr>(api().CreateTensorWithDataAsOrtValue, compiled_->memory.get(), data,
                             bytes, view.shape.data(), view.shape.size(), number_of(view.type));
  }

  TensorView fetch(std::size_t number) {
    Value* const value = values_[number].get();
    const auto info = made_by<TensorInfoPtr>(api().GetTensorTypeAndShape, value);
    auto [type, shape] = describe(info.get());
    shapes_[number] = std::move(shape);
    void* data = nullptr;
    check(api().GetTensorMutableData(value, &data));
    return {type, shapes_[number], static_cast<const std::byte*>(data)};
  }

  std::shared_ptr<const Compiled> compiled_;
  std::vector<const char*> input_names_;
  std::vector<const char*> output_names_;
  std::vector<ValuePtr> values_;  // of the last run
  std::vector<Shape> shapes_;
};

}  // namespace

std::vector<std::unique_ptr<Engine>> make_onnxruntime_engines(const std::filesystem::path& model,
                                                              std::optional<int> gpu,
                                                              const std::vector<int>& threads) try {
  std::map<int, std::shared_ptr<const Compiled>> compiled;  // by threads
  std::vector<std::unique_ptr<Engine>> engines;
  for (const int each : threads) {
    auto& shared = compiled[gpu ? 1 : each];
    if (!shared) {
      shared = compile(model, gpu ? 1 : each, gpu);
    }
    engines.push_back(std::make_unique<OnnxRuntimeEngine>(shared));
  }
  return engines;
} catch (const std::runtime_error& error) {
  throw std::runtime_error(model.string() + (gpu ? " on GPU " + std::to_string(*gpu) : "") + ": " +
                           error.what());
}

}  // namespace tensor_service
