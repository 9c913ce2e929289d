// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Which of some names a wrong one was meant to be: difflib.get_close_matches of Python, for one.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tensor_service {

// The nearest name; empty where none is near.
std::string_view close_match(std::string_view wrong, const std::vector<std::string_view>& names);

}  // namespace tensor_service
