// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Tells by a look whether a file has changed; nothing is read.

#pragma once

#include <filesystem>
#include <string>

namespace tensor_service {

// Its number, size and time: an editor may replace it, or be writing it just now.
std::string file_state(const std::filesystem::path& file);

}  // namespace tensor_service
