// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A body in, how the codec refused it out: for the tests of the codecs.

#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "codec/codec.h"

namespace tensor_service {

// "<status number>: <message>" of the CallError, "decoded" when there was none.
inline std::string refusal(Format format, std::string_view body) {
  try {
    decode_request(format, body);
  } catch (const CallError& error) {
    return std::to_string(static_cast<int>(error.status())) + ": " + error.what();
  }
  return "decoded";
}

inline std::string refused(Status status, std::string_view message) {
  return std::to_string(static_cast<int>(status)) + ": " + std::string(message);
}

// The elements of a tensor.
template <class T>
std::vector<T> values_of(const Tensor& tensor) {
  std::vector<T> values(tensor.data.size() / sizeof(T));
  std::memcpy(values.data(), tensor.data.data(), values.size() * sizeof(T));
  return values;
}

// The data of a tensor with these elements.
template <class T>
std::string bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

}  // namespace tensor_service
