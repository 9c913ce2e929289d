// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The objects of OpenVINO's C API with owners, its statuses as exceptions. Used by
// openvino_engine.cc only.

#pragma once

#include <openvino/c/openvino.h>

#include <memory>
#include <string>
#include <string_view>

namespace tensor_service::openvino {

template <auto free_handle>
struct Free {
  template <class Handle>
  void operator()(Handle* handle) const {
    free_handle(handle);
  }
};

using CorePtr = std::unique_ptr<ov_core_t, Free<ov_core_free>>;
using GraphPtr = std::unique_ptr<ov_model_t, Free<ov_model_free>>;
using CompiledPtr = std::unique_ptr<ov_compiled_model_t, Free<ov_compiled_model_free>>;
using RequestPtr = std::unique_ptr<ov_infer_request_t, Free<ov_infer_request_free>>;
using PortPtr = std::unique_ptr<ov_output_const_port_t, Free<ov_output_const_port_free>>;
using TensorPtr = std::unique_ptr<ov_tensor_t, Free<ov_tensor_free>>;
using TextPtr = std::unique_ptr<const char, Free<ov_free>>;
// these two own only the dimensions; the structs lie on the stack
using ShapeOwner = std::unique_ptr<ov_shape_t, Free<ov_shape_free>>;
using PartialShapeOwner = std::unique_ptr<ov_partial_shape_t, Free<ov_partial_shape_free>>;

// Throws std::runtime_error with what is useful of OpenVINO's message unless status is OK. The
// message is the process's last one: of two engines that fail at once, one may be told the other's.
void check(ov_status_e status);

// One line: what is wrong, and in which node. The rest names places in OpenVINO's sources.
std::string useful_line(std::string_view message);

// A handle that a function of the C API returns through its last argument.
template <class Pointer, class Function, class... Arguments>
Pointer made_by(Function function, Arguments... arguments) {
  typename Pointer::pointer handle = nullptr;
  check(function(arguments..., &handle));
  return Pointer(handle);
}

}  // namespace tensor_service::openvino
