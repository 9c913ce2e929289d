// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Arrays of numbers: their JSON text in, the bytes of a tensor out. Called by json_codec.cc.

#pragma once

#include <string>
#include <string_view>

#include "json/json_number.h"

namespace tensor_service {

// The elements of an array of such numbers, as bytes. The text begins with '[', is no longer than
// the array and white space after it, and lies in a buffer with a zero byte behind the document.
template <class T>
std::string json_numbers(std::string_view array, const JsonPath& path);

}  // namespace tensor_service
