// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// ONNX Runtime's C API, opened when the program first asks for it: a machine without a GPU needs
// neither the library nor its headers, and one with a GPU takes the build for its CUDA. The API is
// a table of functions to which releases only add; kFirstVersion is the release whose part is used.
// Used by onnxruntime_engine.cc only.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace tensor_service::onnxruntime {

// What the library hands out; never looked into.
struct Status;
struct Env;
struct Session;
struct SessionOptions;
struct CudaOptions;
struct MemoryInfo;
struct Allocator;
struct TypeInfo;
struct TensorInfo;
struct Value;

// The functions that are used, by ONNX Runtime's names. Those that can fail return null or a
// status that says why.
struct Api {
  const char* (*GetErrorMessage)(const Status*);
  Status* (*CreateEnv)(int severity, const char* name, Env**);
  Status* (*CreateSession)(const Env*, const char* path, const SessionOptions*, Session**);
  Status* (*Run)(Session*, const void* options, const char* const* input_names,
                 const Value* const* inputs, std::size_t input_count,
                 const char* const* output_names, std::size_t output_count, Value** outputs);
  Status* (*CreateSessionOptions)(SessionOptions**);
  Status* (*SetSessionLogSeverityLevel)(SessionOptions*, int);
  Status* (*SetSessionGraphOptimizationLevel)(SessionOptions*, int);
  Status* (*SetIntraOpNumThreads)(SessionOptions*, int);
  Status* (*SetInterOpNumThreads)(SessionOptions*, int);
  Status* (*AddSessionConfigEntry)(SessionOptions*, const char* key, const char* value);
  Status* (*SessionGetInputCount)(const Session*, std::size_t*);
  Status* (*SessionGetOutputCount)(const Session*, std::size_t*);
  Status* (*SessionGetInputTypeInfo)(const Session*, std::size_t, TypeInfo**);
  Status* (*SessionGetOutputTypeInfo)(const Session*, std::size_t, TypeInfo**);
  Status* (*SessionGetInputName)(const Session*, std::size_t, Allocator*, char**);
  Status* (*SessionGetOutputName)(const Session*, std::size_t, Allocator*, char**);
  Status* (*CreateTensorWithDataAsOrtValue)(const MemoryInfo*, void* data, std::size_t bytes,
                                            const std::int64_t* shape, std::size_t rank, int type,
                                            Value**);
  Status* (*GetTensorMutableData)(Value*, void**);
  Status* (*CastTypeInfoToTensorInfo)(const TypeInfo*, const TensorInfo**);
  Status* (*GetTensorElementType)(const TensorInfo*, int*);
  Status* (*GetDimensionsCount)(const TensorInfo*, std::size_t*);
  Status* (*GetDimensions)(const TensorInfo*, std::int64_t*, std::size_t);
  Status* (*GetTensorTypeAndShape)(const Value*, TensorInfo**);
  Status* (*CreateCpuMemoryInfo)(int allocator, int memory, MemoryInfo**);
  Status* (*AllocatorFree)(Allocator*, void*);
  Status* (*GetAllocatorWithDefaultOptions)(Allocator**);
  Status* (*SessionOptionsAppendExecutionProvider_CUDA_V2)(SessionOptions*, const CudaOptions*);
  Status* (*CreateCUDAProviderOptions)(CudaOptions**);
  Status* (*UpdateCUDAProviderOptions)(CudaOptions*, const char* const* keys,
                                       const char* const* values, std::size_t);
  void (*ReleaseStatus)(Status*);
  void (*ReleaseMemoryInfo)(MemoryInfo*);
  void (*ReleaseSession)(Session*);
  void (*ReleaseValue)(Value*);
  void (*ReleaseTypeInfo)(TypeInfo*);
  void (*ReleaseTensorTypeAndShapeInfo)(TensorInfo*);
  void (*ReleaseSessionOptions)(SessionOptions*);
  void (*ReleaseCUDAProviderOptions)(CudaOptions*);
};

// Opens the library that the environment variable ONNXRUNTIME_LIBRARY names, else
// libonnxruntime.so.1, once for the process. Throws std::runtime_error when it is not there or is
// older than what is used of it.
const Api& api();

// Of the library, such as "1.22.0".
std::string version();

// Throws std::runtime_error with the library's message unless the call went well.
void check(Status* status);

template <auto release>
struct Free {
  template <class Handle>
  void operator()(Handle* handle) const {
    (api().*release)(handle);
  }
};

using MemoryInfoPtr = std::unique_ptr<MemoryInfo, Free<&Api::ReleaseMemoryInfo>>;
using SessionPtr = std::unique_ptr<Session, Free<&Api::ReleaseSession>>;
using ValuePtr = std::unique_ptr<Value, Free<&Api::ReleaseValue>>;
using TypeInfoPtr = std::unique_ptr<TypeInfo, Free<&Api::ReleaseTypeInfo>>;
using TensorInfoPtr = std::unique_ptr<TensorInfo, Free<&Api::ReleaseTensorTypeAndShapeInfo>>;
using SessionOptionsPtr = std::unique_ptr<SessionOptions, Free<&Api::ReleaseSessionOptions>>;
using CudaOptionsPtr = std::unique_ptr<CudaOptions, Free<&Api::ReleaseCUDAProviderOptions>>;

// A handle that a function of the API returns through its last argument.
template <class Pointer, class Function, class... Arguments>
Pointer made_by(Function function, Arguments... arguments) {
  typename Pointer::pointer handle = nullptr;
  check(function(arguments..., &handle));
  return Pointer(handle);
}

}  // namespace tensor_service::onnxruntime
