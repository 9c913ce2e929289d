// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The writing half of json_codec.h. Keys stand in the order in which brpc writes them for Paddle
// Serving; floats are the shortest text that reads back as the same float.

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "codec/base64.h"
#include "codec/json_codec.h"
#include "codec/tensor_fields.h"
#include "json/json_text.h"

namespace tensor_service {
namespace {

template <class T>
void append_number(std::string& out, T value) {
  if constexpr (std::is_floating_point_v<T>) {
    if (!std::isfinite(value)) {
      out += std::isnan(value) ? "\"NaN\"" : value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
      return;
    }
  }
  std::array<char, 32> text;
  const auto result = std::to_chars(text.data(), text.data() + text.size(), value);
  out.append(text.data(), result.ptr);
}

void append_key(std::string& out, std::string_view key) {
  out += '"';
  out += key;
  out += "\":";
}

template <class Range, class Append>
void append_array(std::string& out, const Range& values, Append append) {
  out += '[';
  bool first = true;
  for (const auto& value : values) {
    if (!first) {
      out += ',';
    }
    first = false;
    append(value);
  }
  out += ']';
}

template <class T>
void append_integers(std::string& out, std::string_view key, const std::vector<T>& values) {
  append_key(out, key);
  append_array(out, values, [&out](T value) { append_number(out, value); });
}

template <class T>
void append_elements(std::string& out, const Tensor& tensor) {
  out += '[';
  for (std::size_t at = 0; at + sizeof(T) <= tensor.data.size(); at += sizeof(T)) {
    if (at != 0) {
      out += ',';
    }
    T value;
    std::memcpy(&value, tensor.data.data() + at, sizeof(T));
    append_number(out, value);
  }
  out += ']';
}

void append_typed(std::string& out, const Tensor& tensor) {
  switch (tensor.type) {
    case ElemType::kInt64:
      return append_elements<std::int64_t>(out, tensor);
    case ElemType::kInt32:
      return append_elements<std::int32_t>(out, tensor);
    case ElemType::kInt16:
      return append_elements<std::int16_t>(out, tensor);
    case ElemType::kInt8:
      return append_elements<std::int8_t>(out, tensor);
    case ElemType::kUint8:
      return append_elements<std::uint8_t>(out, tensor);
    case ElemType::kFp32:
      return append_elements<float>(out, tensor);
    case ElemType::kFp64:
      return append_elements<double>(out, tensor);
    case ElemType::kBool:
      return append_array(out, tensor.data,
                          [&out](char byte) { out += byte != 0 ? "true" : "false"; });
    case ElemType::kString:
      return append_array(out, tensor.strings,
                          [&out](const std::string& text) { append_json_string(out, text); });
    case ElemType::kFp16:
    case ElemType::kBf16:
      out += '"';
      append_base64(out, tensor.data);
      out += '"';
      return;
  }
}

void append_tensor(std::string& out, const Tensor& tensor) {
  out += '{';
  append_key(out, field_name(reply_field(tensor.type).value_or(Field::kTensorContent)));
  append_typed(out, tensor);
  out += ",\"elem_type\":";
  append_number(out, static_cast<std::int32_t>(tensor.type));
  out += ',';
  append_integers(out, "shape", tensor.shape);
  if (!tensor.lod.empty()) {
    out += ',';
    append_integers(out, "lod", tensor.lod);
  }
  out += ",\"name\":";
  append_json_string(out, tensor.name);
  out += ",\"alias_name\":";
  append_json_string(out, tensor.alias);
  out += '}';
}

std::size_t estimated_size(const InferenceReply& reply) {
  std::size_t size = 256;
  for (const Tensor& tensor : reply.outputs) {
    size += 256 + tensor.data.size() * 3;  // floats take up to 15 characters for 4 bytes
  }
  return size;
}

}  // namespace

std::string encode_json(const InferenceReply& reply) {
  std::string out;
  out.reserve(estimated_size(reply));
  out += "{\"outputs\":[{\"tensor\":";
  append_array(out, reply.outputs, [&out](const Tensor& tensor) { append_tensor(out, tensor); });
  out += ",\"engine_name\":";
  append_json_string(out, reply.engine_name);
  out += "}]";
  if (reply.profile) {
    out += ',';
    append_integers(out, "profile_time", reply.profile_times);
    out += ",\"profile_server\":true";
  }
  out += ",\"log_id\":";
  append_number(out, reply.log_id);
  out += ",\"err_no\":0,\"err_msg\":\"\"}";
  return out;
}

std::string encode_json_error(Status status, std::string_view message, std::uint64_t log_id) {
  std::string out = "{\"log_id\":";
  append_number(out, log_id);
  out += ",\"err_no\":";
  append_number(out, err_no(status));
  out += ",\"err_msg\":";
  append_json_string(out, message);
  out += '}';
  return out;
}

}  // namespace tensor_service
