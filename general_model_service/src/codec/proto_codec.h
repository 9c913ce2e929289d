// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Requests and replies as Paddle Serving's protobuf messages: bytes in, an InferenceRequest out,
// and the way back. Called by codec.cc.
//
// Replies hold the elements in the type's own field; int16, uint8, int8, float16 and bfloat16,
// which have none, stand in tensor_content, where upstream's clients read them with
// numpy.frombuffer.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "codec/codec.h"

namespace tensor_service {

// Throws CallError as decode_request() says.
InferenceRequest decode_proto(std::string_view body);

std::string encode_proto(const InferenceReply& reply);
std::string encode_proto_error(Status status, std::string_view message, std::uint64_t log_id);

}  // namespace tensor_service
