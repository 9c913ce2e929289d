// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// See codec.h: hands each call to the codec of its format.

#include "codec/codec.h"

#include <utility>

#include "codec/json_codec.h"
#include "codec/proto_codec.h"

namespace tensor_service {

InferenceRequest decode_request(Format format, std::string_view body) {
  return format == Format::kJson ? decode_json(body) : decode_proto(body);
}

InferenceRequest decode_owned(Format format, std::string&& body) {
  return format == Format::kJson ? decode_owned_json(std::move(body)) : decode_proto(body);
}

std::string encode_reply(Format format, const InferenceReply& reply) {
  return format == Format::kJson ? encode_json(reply) : encode_proto(reply);
}

std::string encode_error(Format format, Status status, std::string_view message,
                         std::uint64_t log_id) {
  return format == Format::kJson ? encode_json_error(status, message, log_id)
                                 : encode_proto_error(status, message, log_id);
}

}  // namespace tensor_service
