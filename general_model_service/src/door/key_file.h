// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Reads the file of an API key.

#pragma once

#include <filesystem>
#include <string>

namespace tensor_service {

// Its text without blanks around it. Throws ConfigError with the path of the key that names it.
std::string key_of_file(const std::filesystem::path& path, const std::string& where);

}  // namespace tensor_service
