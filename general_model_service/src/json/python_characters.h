// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// What kind a character is, as Python has it.

#pragma once

namespace tensor_service {

// Not str.isprintable(): a control, a format, a separator but the space, or not assigned.
bool is_unprintable(char32_t character);

// str.isspace(), which is also what \s finds.
bool is_space(char32_t character);

// str.isdecimal(): a digit of any script.
bool is_decimal(char32_t character);

}  // namespace tensor_service
