// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Bytes of a request body in, an InferenceRequest out, and the way back: JSON and protobuf.
// Called by service.cc; knows neither sockets nor bundles.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "call/request.h"
#include "report/error.h"

namespace tensor_service {

// Reads a body. Throws CallError: kMalformed for bytes that are not the format, kInvalid for an
// unknown field value, kOverflow for elements out of their type's range.
InferenceRequest decode_request(Format format, std::string_view body);
// The same, and the body's memory serves for the work: a large one is not copied.
InferenceRequest decode_owned(Format format, std::string&& body);

// Writes a Response with err_no 0.
std::string encode_reply(Format format, const InferenceReply& reply);

// Writes a Response that holds only err_no, err_msg and log_id.
std::string encode_error(Format format, Status status, std::string_view message,
                         std::uint64_t log_id);

}  // namespace tensor_service
