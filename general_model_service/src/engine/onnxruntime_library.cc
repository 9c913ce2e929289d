// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "engine/onnxruntime_library.h"

#include <dlfcn.h>

#include <cstdlib>
#include <stdexcept>
#include <string_view>

namespace tensor_service::onnxruntime {
namespace {

constexpr const char* kVariable = "ONNXRUNTIME_LIBRARY";
constexpr const char* kDefault = "libonnxruntime.so.1";
// The release that brought the last function used here, 1.11; see Api.
constexpr std::uint32_t kFirstVersion = 11;
constexpr const char* kRemedy =
    "; install onnxruntime, for a GPU onnxruntime-gpu, into the environment, or name its "
    "libonnxruntime.so in ONNXRUNTIME_LIBRARY";

// What OrtGetApiBase returns.
struct ApiBase {
  const void* const* (*get_api)(std::uint32_t version);
  const char* (*version)();
};

struct Library {
  Api api{};
  std::string version;
};

// Places in the table, which no release changes.
void fill(Api& api, const void* const* table) {
  const auto take = [table](auto& function, std::size_t place) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(
        const_cast<void*>(table[place]));
  };
  take(api.GetErrorMessage, 2);
  take(api.CreateEnv, 3);
  take(api.CreateSession, 7);
  take(api.Run, 9);
  take(api.CreateSessionOptions, 10);
  take(api.SetSessionLogSeverityLevel, 22);
  take(api.SetSessionGraphOptimizationLevel, 23);
  take(api.SetIntraOpNumThreads, 24);
  take(api.SetInterOpNumThreads, 25);
  take(api.SessionGetInputCount, 30);
  take(api.SessionGetOutputCount, 31);
  take(api.SessionGetInputTypeInfo, 33);
  take(api.SessionGetOutputTypeInfo, 34);
  take(api.SessionGetInputName, 36);
  take(api.SessionGetOutputName, 37);
  take(api.CreateTensorWithDataAsOrtValue, 49);
  take(api.GetTensorMutableData, 51);
  take(api.CastTypeInfoToTensorInfo, 55);
  take(api.GetTensorElementType, 60);
  take(api.GetDimensionsCount, 61);
  take(api.GetDimensions, 62);
  take(api.GetTensorTypeAndShape, 65);
  take(api.CreateCpuMemoryInfo, 69);
  take(api.AllocatorFree, 76);
  take(api.GetAllocatorWithDefaultOptions, 78);
  take(api.ReleaseStatus, 93);
  take(api.ReleaseMemoryInfo, 94);
  take(api.ReleaseSession, 95);
  take(api.ReleaseValue, 96);
  take(api.ReleaseTypeInfo, 98);
  take(api.ReleaseTensorTypeAndShapeInfo, 99);
  take(api.ReleaseSessionOptions, 100);
  take(api.AddSessionConfigEntry, 130);
  take(api.SessionOptionsAppendExecutionProvider_CUDA_V2, 204);
  take(api.CreateCUDAProviderOptions, 205);
  take(api.UpdateCUDAProviderOptions, 206);
  take(api.ReleaseCUDAProviderOptions, 208);
}

// Never closed: threads of the library run until the process ends.
Library open() {
  const char* const named = std::getenv(kVariable);
  const char* const name = named != nullptr && *named != '\0' ? named : kDefault;
  void* const handle = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    throw std::runtime_error(std::string("ONNX Runtime cannot be opened: ") + ::dlerror() +
                             kRemedy);
  }
  const auto base_of = reinterpret_cast<const ApiBase* (*)()>(::dlsym(handle, "OrtGetApiBase"));
  if (base_of == nullptr) {
    throw std::runtime_error(std::string(name) + " is not ONNX Runtime" + kRemedy);
  }
  Library library;
  library.version = base_of()->version();
  const void* const* const table = base_of()->get_api(kFirstVersion);
  if (table == nullptr) {
    throw std::runtime_error(std::string(name) + " is ONNX Runtime " + library.version +
                             "; 1.11 or newer is needed" + kRemedy);
  }
  fill(library.api, table);
  return library;
}

// One line, without the places in ONNX Runtime's sources that stand before what is wrong.
std::string useful_part(const std::string& message) {
  constexpr std::string_view kBefore = " : FAIL : ";
  const std::size_t fail = message.find(kBefore);
  const std::size_t begin = fail == std::string::npos ? 0 : fail + kBefore.size();
  return message.substr(begin, message.find('\n', begin) - begin);
}

const Library& library() {
  static const Library opened = open();
  return opened;
}

}  // namespace

const Api& api() { return library().api; }

std::string version() { return library().version; }

void check(Status* status) {
  if (status == nullptr) {
    return;
  }
  const std::string message = api().GetErrorMessage(status);
  api().ReleaseStatus(status);
  throw std::runtime_error("ONNX Runtime: " + useful_part(message));
}

}  // namespace tensor_service::onnxruntime
