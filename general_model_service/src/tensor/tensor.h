// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A tensor as it travels through the service: names, element type, shape and raw elements.
// Made by the codecs, checked by feed, written again by the codecs.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tensor_service {

// Paddle Serving's elem_type; the numbers are on the wire and in the bundles.
enum class ElemType : std::int32_t {
  kInt64 = 0,
  kFp32 = 1,
  kInt32 = 2,
  kFp64 = 3,
  kInt16 = 4,
  kFp16 = 5,
  kBf16 = 6,
  kUint8 = 7,
  kInt8 = 8,
  kBool = 9,
  kString = 20,
};

// The type with that number; nothing for a number no bundle declares.
std::optional<ElemType> elem_type_from(std::int64_t number);

// "int64", "float32", ... as numpy calls them.
std::string_view elem_type_name(ElemType type);

// Bytes of one element; 0 for strings, which have no fixed size.
std::size_t element_size(ElemType type);

using Shape = std::vector<std::int64_t>;

// "[2, 32]"
std::string shape_text(std::span<const std::int64_t> shape);

struct Tensor {
  std::string name;   // variable of the graph
  std::string alias;  // what clients call it
  ElemType type = ElemType::kInt64;
  Shape shape;
  std::vector<std::int64_t> lod;     // offsets of rows of different length, or empty
  std::string data;                  // elements, little-endian, without padding
  std::vector<std::string> strings;  // elements of a kString tensor

  // Elements in data (or strings).
  std::size_t count() const;
};

// Elements that somebody else owns.
struct TensorView {
  ElemType type = ElemType::kInt64;
  std::span<const std::int64_t> shape;
  const std::byte* data = nullptr;
};

}  // namespace tensor_service
