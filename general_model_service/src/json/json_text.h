// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Text as JSON. Called by whatever writes JSON.

#pragma once

#include <string>
#include <string_view>

namespace tensor_service {

// Appends text in quotes, escaped; bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

std::string json_string(std::string_view text);

}  // namespace tensor_service
