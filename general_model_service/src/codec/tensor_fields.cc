// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// See tensor_fields.h.

#include "codec/tensor_fields.h"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "report/error.h"
#include "tensor/half.h"

namespace tensor_service {
namespace {

// elements are copied between messages and tensors as they are
static_assert(std::endian::native == std::endian::little);
static_assert(sizeof(float) == 4 && sizeof(double) == 8 && sizeof(bool) == 1);

constexpr std::array<std::string_view, 10> kFieldNames = {
    "int64_data", "float_data",     "int_data",        "float64_data", "uint32_data",
    "bool_data",  "complex64_data", "complex128_data", "data",         "tensor_content",
};

// The field whose elements are the type's own, or are narrowed to it.
Field wanted_field(ElemType type) {
  switch (type) {
    case ElemType::kInt64:
      return Field::kInt64Data;
    case ElemType::kFp32:
    case ElemType::kFp16:
    case ElemType::kBf16:
      return Field::kFloatData;
    case ElemType::kInt32:
    case ElemType::kInt16:
    case ElemType::kUint8:
    case ElemType::kInt8:
      return Field::kIntData;
    case ElemType::kFp64:
      return Field::kFloat64Data;
    case ElemType::kBool:
      return Field::kBoolData;
    case ElemType::kString:
      return Field::kData;
  }
  return Field::kTensorContent;
}

bool holds(Field field, ElemType type) {
  return field == wanted_field(type) ||
         (field == Field::kTensorContent && type != ElemType::kString) ||
         (field == Field::kUint32Data && type == ElemType::kUint8);
}

// `tensor[0] "input_ids"`; a long name is cut, it is the caller's and ends in a message.
std::string label_of(std::size_t index, std::string_view name) {
  std::string label = "tensor[" + std::to_string(index) + "]";
  if (!name.empty()) {
    label += " \"" + std::string(name.substr(0, 64)) + "\"";
  }
  return label;
}

template <class T>
std::string number_text(T value) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

template <class T>
[[noreturn]] void out_of_range(const std::string& label, Field field, std::size_t element, T value,
                               ElemType type) {
  throw CallError(Status::kOverflow, label + ": " + std::string(field_name(field)) + "[" +
                                         std::to_string(element) + "] is " + number_text(value) +
                                         ", out of range for " + std::string(elem_type_name(type)));
}

template <class T>
T element_at(const std::string& elements, std::size_t i) {
  T value;
  std::memcpy(&value, elements.data() + i * sizeof(T), sizeof(T));
  return value;
}

// int_data or uint32_data (From) as a narrower integer (To).
template <class From, class To>
std::string narrowed(const std::string& elements, const std::string& label, Field field,
                     ElemType type) {
  const std::size_t count = elements.size() / sizeof(From);
  std::string result(count * sizeof(To), '\0');
  for (std::size_t i = 0; i < count; ++i) {
    const auto value = element_at<From>(elements, i);
    if (!std::in_range<To>(value)) {
      out_of_range(label, field, i, value, type);
    }
    const auto narrow = static_cast<To>(value);
    std::memcpy(result.data() + i * sizeof(To), &narrow, sizeof(To));
  }
  return result;
}

std::string halved(const std::string& elements, const std::string& label, ElemType type) {
  const bool fp16 = type == ElemType::kFp16;
  const std::uint16_t infinity = fp16 ? 0x7C00 : 0x7F80;
  const std::size_t count = elements.size() / sizeof(float);
  std::string result(count * sizeof(infinity), '\0');
  for (std::size_t i = 0; i < count; ++i) {
    const auto value = element_at<float>(elements, i);
    const std::uint16_t bits = fp16 ? fp16_bits(value) : bf16_bits(value);
    if ((bits & 0x7FFFU) == infinity && std::isfinite(value)) {
      out_of_range(label, Field::kFloatData, i, value, type);
    }
    std::memcpy(result.data() + i * sizeof(bits), &bits, sizeof(bits));
  }
  return result;
}

void check_content(const std::string& elements, const std::string& label, ElemType type) {
  const std::size_t size = element_size(type);
  if (elements.size() % size != 0) {
    throw CallError(Status::kOverflow, label + ": tensor_content has " +
                                           std::to_string(elements.size()) +
                                           " bytes; send a multiple of " + std::to_string(size) +
                                           " for " + std::string(elem_type_name(type)));
  }
  if (type != ElemType::kBool) {
    return;
  }
  for (std::size_t i = 0; i < elements.size(); ++i) {  // any other byte is no bool in C++
    const auto byte = static_cast<unsigned char>(elements[i]);
    if (byte > 1) {
      out_of_range(label, Field::kTensorContent, i, static_cast<unsigned>(byte), type);
    }
  }
}

std::string converted(std::string&& elements, const std::string& label, Field field,
                      ElemType type) {
  if (field == Field::kTensorContent) {
    check_content(elements, label, type);
    return std::move(elements);
  }
  switch (type) {
    case ElemType::kInt16:
      return narrowed<std::int32_t, std::int16_t>(elements, label, field, type);
    case ElemType::kInt8:
      return narrowed<std::int32_t, std::int8_t>(elements, label, field, type);
    case ElemType::kUint8:
      return field == Field::kUint32Data
                 ? narrowed<std::uint32_t, std::uint8_t>(elements, label, field, type)
                 : narrowed<std::int32_t, std::uint8_t>(elements, label, field, type);
    case ElemType::kFp16:
    case ElemType::kBf16:
      return halved(elements, label, type);
    default:
      return std::move(elements);
  }
}

}  // namespace

void check_count(std::string_view field, std::size_t count, std::size_t most) {
  if (count > most) {
    throw CallError(Status::kInvalid, std::string(field) + ": more than " + std::to_string(most) +
                                          " entries; split the request");
  }
}

std::string_view field_name(Field field) { return kFieldNames[static_cast<std::size_t>(field)]; }

std::optional<Field> reply_field(ElemType type) {
  if (type == ElemType::kFp16 || type == ElemType::kBf16) {
    return std::nullopt;
  }
  return wanted_field(type);
}

void TensorFields::fill(Field field, std::string elements) {
  if (!elements.empty()) {
    filled_ |= 1U << static_cast<unsigned>(field);
    last_ = field;
    elements_ = std::move(elements);
  }
}

void TensorFields::fill(std::vector<std::string> strings) {
  if (!strings.empty()) {
    filled_ |= 1U << static_cast<unsigned>(Field::kData);
    last_ = Field::kData;
    strings_ = std::move(strings);
  }
}

void TensorFields::check_fields(const Tensor& tensor, const std::string& label) const {
  const std::string wanted(field_name(wanted_field(tensor.type)));
  const std::string or_content = tensor.type == ElemType::kString ? "" : " or tensor_content";
  if (std::popcount(filled_) > 1) {
    std::string found;
    for (std::size_t i = 0; i < kFieldNames.size(); ++i) {
      if ((filled_ >> i & 1U) != 0) {
        found += (found.empty() ? "" : " and ") + std::string(kFieldNames[i]);
      }
    }
    throw CallError(Status::kInvalid,
                    label + ": " + found + " both hold elements; send " + wanted + " alone");
  }
  if (filled_ != 0 && !holds(last_, tensor.type)) {
    throw CallError(Status::kInvalid, label + ": elem_type " + std::to_string(elem_type) + " (" +
                                          std::string(elem_type_name(tensor.type)) + ") with " +
                                          std::string(field_name(last_)) +
                                          "; put the elements into " + wanted + or_content);
  }
}

Tensor TensorFields::take(std::size_t index) && {
  const std::string label = label_of(index, alias.empty() ? name : alias);
  const auto type = elem_type_from(elem_type);
  if (!type) {
    throw CallError(Status::kInvalid, label + ": elem_type " + std::to_string(elem_type) +
                                          " is unknown; use 0 int64, 1 float32, 2 int32, "
                                          "3 float64, 4 int16, 5 float16, 6 bfloat16, 7 uint8, "
                                          "8 int8, 9 bool or 20 string");
  }
  Tensor tensor;
  tensor.type = *type;
  check_fields(tensor, label);
  tensor.name = std::move(name);
  tensor.alias = std::move(alias);
  tensor.shape = std::move(shape);
  tensor.lod = std::move(lod);
  tensor.strings = std::move(strings_);
  if (tensor.type != ElemType::kString) {
    tensor.data = converted(std::move(elements_), label, last_, tensor.type);
  }
  return tensor;
}

}  // namespace tensor_service
