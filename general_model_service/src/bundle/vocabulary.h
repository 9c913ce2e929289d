// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A bundle's tokenizer/vocab.txt in, the number of its ids and the id of [PAD] out, as
// contract.encoding counts them. Called by open_bundle.

#pragma once

#include <cstdint>
#include <filesystem>

namespace tensor_service {

struct Vocabulary {
  std::int64_t size = 0;
  std::int64_t pad_id = 0;
};

// Throws BundleError when it cannot be read or has no [PAD].
Vocabulary read_vocabulary(const std::filesystem::path& file);

}  // namespace tensor_service
