// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The fields of a Tensor message in, whatever format they came in, a Tensor out: the rules about
// which field holds the elements of which type. Called by the JSON and protobuf codecs.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/tensor.h"

namespace tensor_service {

// Of one request. Empty messages of two bytes become objects of hundreds, so a body within
// max_body_size could otherwise take a hundred times its size. A request with a tensor for each row
// has two for each title: this is 32,768 titles.
inline constexpr std::size_t kMaxTensors = 65536;
inline constexpr std::size_t kMaxFetchNames = 1024;
// No bundle takes strings, so that they are only ever refused.
inline constexpr std::size_t kMaxStrings = 65536;

// Throws CallError kInvalid when count is beyond most.
void check_count(std::string_view field, std::size_t count, std::size_t most);

// Fields of a Tensor message that hold elements, in the order of their numbers.
enum class Field {
  kInt64Data,
  kFloatData,
  kIntData,
  kFloat64Data,
  kUint32Data,
  kBoolData,
  kComplex64Data,
  kComplex128Data,
  kData,
  kTensorContent,
};

// "int64_data", ... as the proto calls it.
std::string_view field_name(Field field);

// The typed field in which this service answers elements of a type; nothing for float16 and
// bfloat16, which it answers in tensor_content.
std::optional<Field> reply_field(ElemType type);

class TensorFields {
 public:
  std::string name;
  std::string alias;
  std::int32_t elem_type = 0;
  Shape shape;
  std::vector<std::int64_t> lod;

  // Elements of a numeric field, little-endian in the field's own type (bool: one byte), or the
  // bytes of tensor_content. An empty field is an absent one.
  void fill(Field field, std::string elements);
  // Elements of `data`.
  void fill(std::vector<std::string> strings);

  // The tensor; index is its place in the request. Throws CallError: kInvalid for a field that
  // does not belong to elem_type, kOverflow for elements out of its range.
  Tensor take(std::size_t index) &&;

 private:
  void check_fields(const Tensor& tensor, const std::string& label) const;

  unsigned filled_ = 0;  // bit per Field
  Field last_ = Field::kInt64Data;
  std::string elements_;
  std::vector<std::string> strings_;
};

}  // namespace tensor_service
