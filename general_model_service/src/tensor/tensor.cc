// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "tensor/tensor.h"

namespace tensor_service {

std::optional<ElemType> elem_type_from(std::int64_t number) {
  if ((number >= 0 && number <= 9) || number == 20) {
    return static_cast<ElemType>(number);
  }
  return std::nullopt;
}

std::string_view elem_type_name(ElemType type) {
  switch (type) {
    case ElemType::kInt64:
      return "int64";
    case ElemType::kFp32:
      return "float32";
    case ElemType::kInt32:
      return "int32";
    case ElemType::kFp64:
      return "float64";
    case ElemType::kInt16:
      return "int16";
    case ElemType::kFp16:
      return "float16";
    case ElemType::kBf16:
      return "bfloat16";
    case ElemType::kUint8:
      return "uint8";
    case ElemType::kInt8:
      return "int8";
    case ElemType::kBool:
      return "bool";
    case ElemType::kString:
      return "string";
  }
  return "unknown";
}

std::size_t element_size(ElemType type) {
  switch (type) {
    case ElemType::kInt64:
    case ElemType::kFp64:
      return 8;
    case ElemType::kFp32:
    case ElemType::kInt32:
      return 4;
    case ElemType::kInt16:
    case ElemType::kFp16:
    case ElemType::kBf16:
      return 2;
    case ElemType::kUint8:
    case ElemType::kInt8:
    case ElemType::kBool:
      return 1;
    case ElemType::kString:
      return 0;
  }
  return 0;
}

std::string shape_text(std::span<const std::int64_t> shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  }
  return text + "]";
}

std::size_t Tensor::count() const {
  return type == ElemType::kString ? strings.size() : data.size() / element_size(type);
}

}  // namespace tensor_service
