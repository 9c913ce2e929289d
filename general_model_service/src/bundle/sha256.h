// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A file or a text in, its SHA-256 in hex out. Called by manifest.cc.

#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace tensor_service {

// Throws BundleError when the file cannot be read to its end.
std::string sha256_of_file(const std::filesystem::path& file);

std::string sha256_of_text(std::string_view text);

}  // namespace tensor_service
