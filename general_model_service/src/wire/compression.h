// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// gzip and zlib, whole buffers. Called by the protocols.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tensor_service {

// Inflates gzip or zlib data (told apart by the header), several gzip members one after another.
// Throws CallError: kMalformed for damaged or truncated data, kTooLarge beyond max_size bytes.
std::string inflate(std::string_view data, std::size_t max_size);

// gzip at a fast level.
std::string gzip(std::string_view data);

}  // namespace tensor_service
