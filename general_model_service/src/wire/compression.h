// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// gzip and zlib, whole buffers. Called by the protocols.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "call/call.h"

namespace tensor_service {

// Inflates gzip or zlib data (told apart by the header), several gzip members one after another.
// held is the result's share of the memory. Throws CallError: kMalformed for damaged or truncated
// data, kTooLarge beyond max_size bytes or, when it is more than 1 MiB, beyond a hundred times its
// size, which no list of ids comes near; and what held throws. Nothing is inflated beyond that.
std::string inflate(std::string_view data, std::size_t max_size, HeldBytes& held);
std::string inflate(std::string_view data, std::size_t max_size);

// Inflates a call's body in its place.
void inflate_body(Call& call, std::size_t max_size);

// gzip at a fast level.
std::string gzip(std::string_view data);

}  // namespace tensor_service
