// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The hashes by which units are dealt and named, as contract/experiments/assignment.py and
// records.py have them: FNV-1a of 32 bits over UTF-16 code units, whose buckets are those of
// GrowthBook's SDKs (hash version 2), and BLAKE2b. Texts are UTF-8, in which lone surrogates may
// stand.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tensor_service {

constexpr std::uint32_t kBuckets = 10'000;

std::uint32_t fnv1a32(std::string_view text);

// fnv1a32(fnv1a32(salt + unit) in decimal) modulo kBuckets.
std::uint32_t bucket_of(std::string_view unit, std::string_view salt);

// BLAKE2b of so many bytes, 64 at most, in hexadecimal.
std::string blake2b(std::string_view bytes, std::size_t size);

// What keeps its variant: the first of these that is not empty. A query of more than 256
// characters stands by its BLAKE2b digest.
std::string unit_of(std::string_view unit_id, std::string_view user_id, std::string_view query);

// The unit as records name it: an id as it is, a query as its BLAKE2b hash.
std::string logged_unit(const std::string& unit, bool is_query);

}  // namespace tensor_service
