// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The reading half of json_codec.h. simdjson finds the structure and checks UTF-8; the text of
// numbers goes to json_number.cc and json_array.cc, which keep int64 exact.

#include "codec/json_codec.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "codec/base64.h"
#include "codec/tensor_fields.h"
#include "json/json_array.h"
#include "json/json_number.h"
#include "json/json_value.h"

namespace tensor_service {
namespace {

namespace ondemand = simdjson::ondemand;
using ondemand::json_type;

// A thread keeps about 7 bytes per byte of its longest body up to this, and none of longer ones.
constexpr std::size_t kKeptBody = 1U << 20U;
constexpr std::size_t kFirstCapacity = 1U << 16U;
// Which some editors and .NET write before a text.
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

template <class T>
std::string numbers_of(ondemand::value& value, const JsonPath& path) {
  expect_type(value, json_type::array, path);
  ondemand::array array = checked(value.get_array(), path);
  return json_numbers<T>(checked(array.raw_json(), path), path);
}

std::vector<std::int64_t> int32s_of(ondemand::value& value, const JsonPath& path) {
  const std::string bytes = numbers_of<std::int32_t>(value, path);
  std::vector<std::int32_t> narrow(bytes.size() / sizeof(std::int32_t));
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(narrow.data()));
  return {narrow.begin(), narrow.end()};
}

std::vector<std::string> strings_of(ondemand::value& value, const JsonPath& path,
                                    std::size_t most) {
  expect_type(value, json_type::array, path);
  std::vector<std::string> strings;
  for (auto element : checked(value.get_array(), path)) {
    ondemand::value inner = checked(std::move(element), path);
    check_count(path.field, strings.size() + 1, most);
    strings.emplace_back(string_of(inner, path, strings.size()));
  }
  return strings;
}

std::string content_of(ondemand::value& value, const JsonPath& path) {
  auto bytes = base64_decode(string_of(value, path));
  if (!bytes) {
    refuse_json(path.text(), "not base64");
  }
  return std::move(*bytes);
}

constexpr std::array<JsonKey, 15> kTensorKeys = {{
    // the first ten in the order of Field
    {"int64_data", "int64Data"},
    {"float_data", "floatData"},
    {"int_data", "intData"},
    {"float64_data", "float64Data"},
    {"uint32_data", "uint32Data"},
    {"bool_data", "boolData"},
    {"complex64_data", "complex64Data"},
    {"complex128_data", "complex128Data"},
    {"data", "data"},
    {"tensor_content", "tensorContent"},
    {"elem_type", "elemType"},
    {"shape", "shape"},
    {"lod", "lod"},
    {"name", "name"},
    {"alias_name", "aliasName"},
}};
constexpr std::size_t kElemType = 10;
constexpr std::size_t kShape = 11;
constexpr std::size_t kLod = 12;
constexpr std::size_t kName = 13;

constexpr std::array<JsonKey, 4> kRequestKeys = {{
    {"tensor", "tensor"},
    {"fetch_var_names", "fetchVarNames"},
    {"profile_server", "profileServer"},
    {"log_id", "logId"},
}};
constexpr std::size_t kTensor = 0;
constexpr std::size_t kFetchVarNames = 1;
constexpr std::size_t kProfileServer = 2;

void fill_elements(TensorFields& fields, Field field, ondemand::value& value,
                   const JsonPath& path) {
  switch (field) {
    case Field::kInt64Data:
      return fields.fill(field, numbers_of<std::int64_t>(value, path));
    case Field::kIntData:
      return fields.fill(field, numbers_of<std::int32_t>(value, path));
    case Field::kUint32Data:
      return fields.fill(field, numbers_of<std::uint32_t>(value, path));
    case Field::kBoolData:
      return fields.fill(field, numbers_of<bool>(value, path));
    case Field::kFloatData:
    case Field::kComplex64Data:
      return fields.fill(field, numbers_of<float>(value, path));
    case Field::kFloat64Data:
    case Field::kComplex128Data:
      return fields.fill(field, numbers_of<double>(value, path));
    case Field::kData:
      return fields.fill(strings_of(value, path, kMaxStrings));
    case Field::kTensorContent:
      return fields.fill(field, content_of(value, path));
  }
}

Tensor read_tensor(ondemand::value& value, std::size_t index) {
  const JsonPath path{index, {}};
  expect_type(value, json_type::object, path);
  TensorFields fields;
  const auto take = [&](std::size_t place, ondemand::value& inner, const JsonPath& at) {
    switch (place) {
      case kElemType:
        fields.elem_type = json_number<std::int32_t>(scalar_text(inner, at), at);
        break;
      case kShape:
        fields.shape = int32s_of(inner, at);
        break;
      case kLod:
        fields.lod = int32s_of(inner, at);
        break;
      default:
        if (place < kElemType) {
          fill_elements(fields, static_cast<Field>(place), inner, at);
        } else {
          (place == kName ? fields.name : fields.alias) = string_of(inner, at);
        }
    }
  };
  for_each_field(checked(value.get_object(), path), kTensorKeys, path, take);
  return std::move(fields).take(index);
}

std::vector<Tensor> read_tensors(ondemand::value& value, const JsonPath& path) {
  expect_type(value, json_type::array, path);
  std::vector<Tensor> tensors;
  std::size_t strings = 0;
  for (auto element : checked(value.get_array(), path)) {
    ondemand::value inner = checked(std::move(element), path);
    check_count(path.field, tensors.size() + 1, kMaxTensors);
    tensors.push_back(read_tensor(inner, tensors.size()));
    strings += tensors.back().strings.size();
    check_count(field_name(Field::kData), strings, kMaxStrings);
  }
  return tensors;
}

// What parsing needs beside the body.
struct Scratch {
  ondemand::parser parser;
  std::string padded;
};

// padded: the body, and zeros for simdjson behind it.
InferenceRequest read_padded(ondemand::parser& parser, std::string_view padded) {
  const JsonPath top;
  if (padded.starts_with(kByteOrderMark)) {
    padded.remove_prefix(kByteOrderMark.size());
  }
  const std::size_t size = padded.size() - simdjson::SIMDJSON_PADDING;
  if (parser.capacity() < size) {
    const std::size_t room = size <= kKeptBody ? std::bit_ceil(size) : size;
    check_json(parser.allocate(std::max(kFirstCapacity, room)), top);
  }
  ondemand::document document = checked(parser.iterate(padded.data(), size, padded.size()), top);
  const json_type type = checked(document.type(), top);
  if (type != json_type::object) {
    refuse_json("", "expected an object, found " + std::string(type_text(type)));
  }
  InferenceRequest request;
  const auto take = [&](std::size_t place, ondemand::value& value, const JsonPath& path) {
    switch (place) {
      case kTensor:
        request.tensors = read_tensors(value, path);
        break;
      case kFetchVarNames:
        request.fetch_names = strings_of(value, path, kMaxFetchNames);
        break;
      case kProfileServer:
        request.profile = json_number<bool>(scalar_text(value, path), path);
        break;
      default:
        request.log_id = json_number<std::uint64_t>(scalar_text(value, path), path);
    }
  };
  for_each_field(checked(document.get_object(), top), kRequestKeys, top, take);
  if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) {
    refuse_json("", "not JSON: something follows the object");
  }
  return request;
}

InferenceRequest read_request(Scratch& scratch, std::string_view body) {
  scratch.padded.reserve(body.size() + simdjson::SIMDJSON_PADDING);
  scratch.padded.assign(body);
  scratch.padded.append(simdjson::SIMDJSON_PADDING, '\0');
  return read_padded(scratch.parser, scratch.padded);
}

}  // namespace

InferenceRequest decode_json(std::string_view body) {
  thread_local Scratch kept;
  if (body.size() <= kKeptBody) {
    return read_request(kept, body);
  }
  Scratch once;
  return read_request(once, body);
}

InferenceRequest decode_owned_json(std::string&& body) {
  if (body.size() <= kKeptBody) {
    return decode_json(std::string_view(body));
  }
  body.append(simdjson::SIMDJSON_PADDING, '\0');
  ondemand::parser parser;
  return read_padded(parser, body);
}

}  // namespace tensor_service
