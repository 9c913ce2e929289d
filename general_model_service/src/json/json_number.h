// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Numbers of a JSON document: their text in, exact integers and correctly rounded floats out, as
// protobuf's JSON mapping writes them (also in quotes). Called by json_codec.cc
// and json_array.cc.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tensor_service {

// Where a value stands, for messages: "log_id", "tensor[1].shape[0]".
struct JsonPath {
  std::optional<std::size_t> tensor;
  std::string_view field;

  std::string text(std::optional<std::size_t> element = std::nullopt) const;
};

// True for a number of RFC 8259 and nothing around it.
bool is_json_number(std::string_view text);

// The scalar of a T; T is an integer type, float, double or bool. Numbers may stand in quotes; an
// integer may be written 1.0 or 1e3, a bool 0 or 1, a float that is none "NaN", "Infinity" or
// "-Infinity". Throws CallError: kMalformed for another text, kOverflow beyond T's range.
template <class T>
T json_number(std::string_view token, const JsonPath& path,
              std::optional<std::size_t> element = std::nullopt);

}  // namespace tensor_service
