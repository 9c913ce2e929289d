// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A date, or a date and a time, of ISO 8601, as Python's datetime.fromisoformat reads it.

#pragma once

#include <optional>
#include <string_view>

namespace tensor_service {

// Seconds since 1970; UTC unless the text names another zone. Nothing where it is none.
std::optional<double> iso_moment(std::string_view text);

}  // namespace tensor_service
