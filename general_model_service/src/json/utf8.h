// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// UTF-8 as Python sees it. A lone surrogate, which JSON can spell and UTF-8 cannot, is kept as the
// three bytes that it would have.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tensor_service {

// Bytes of the UTF-8 sequence that text begins with, 0 when it is not one: overlong forms,
// surrogates and values beyond U+10FFFF are none (table 3-7 of the Unicode standard).
std::size_t utf8_length(std::string_view text);

// Of a text that was read here: UTF-8, or lone surrogates.
bool has_lone_surrogate(std::string_view text);
std::size_t count_characters(std::string_view text);

// The first so many characters.
std::string_view first_characters(std::string_view text, std::size_t count);

// The character that text begins with, taken off it; text is not empty.
char32_t take_character(std::string_view& text);

void append_character(std::string& out, char32_t character);

}  // namespace tensor_service
