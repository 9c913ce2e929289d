// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Requests and replies as JSON: text in, an InferenceRequest out, and the way back. Called by
// codec.cc.
//
// Requests follow protobuf's JSON mapping of general_model_service.proto, with the proto's own
// field names or lowerCamelCase; unknown keys are ignored, a key that stands twice is refused.
// Replies are what brpc writes: int16, uint8 and int8 outputs stand in int_data, float16 and
// bfloat16 in tensor_content (base64), all others in their own field.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "codec/codec.h"

namespace tensor_service {

// Throws CallError as decode_request() says; kMalformed names the path, as tensor[1].shape[0].
InferenceRequest decode_json(std::string_view body);
InferenceRequest decode_owned_json(std::string&& body);

std::string encode_json(const InferenceReply& reply);
std::string encode_json_error(Status status, std::string_view message, std::uint64_t log_id);

}  // namespace tensor_service
