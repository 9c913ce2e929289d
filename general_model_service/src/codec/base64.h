// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// tensor_content of JSON: text in, bytes out, and the way back. Called by the JSON codec.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tensor_service {

// Bytes of base64 text: the standard or the URL alphabet, with or without padding, as protobuf's
// JSON mapping allows. Nothing for any other character (white space is one) or a wrong length.
std::optional<std::string> base64_decode(std::string_view text);

// Standard alphabet, padded.
void append_base64(std::string& out, std::string_view bytes);

}  // namespace tensor_service
