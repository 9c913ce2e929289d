// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A large body in, the memory that decode_request takes for it beside the body out, before any of
// it is taken. Never less than is taken; close to it for tensors of ids.

#pragma once

#include <cstddef>
#include <string_view>

#include "call/request.h"

namespace tensor_service {

// Of smaller bodies nobody needs to know.
inline constexpr std::size_t kSmallBody = 64U << 10U;

std::size_t decoding_bytes(Format format, std::string_view body);

}  // namespace tensor_service
