// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// One input through a codec or through inflate(), with the rules that hold whatever the bytes are.
// Called by the fuzz targets, and by the tests with the corpus; throws std::logic_error when a
// rule is broken.

#pragma once

#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "codec/codec.h"
#include "general_model_service.pb.h"
#include "wire/compression.h"

namespace tensor_service {

inline void require(bool holds, const std::string& rule) {
  if (!holds) {
    throw std::logic_error(rule);
  }
}

// Nothing when the codec refuses the body, as it should: with one of these.
inline std::optional<InferenceRequest> decoded(Format format, std::string_view body) {
  try {
    return decode_request(format, body);
  } catch (const CallError& error) {
    const Status status = error.status();
    require(
        status == Status::kMalformed || status == Status::kInvalid || status == Status::kOverflow,
        "a codec refuses with one of its statuses");
    require(error.what()[0] != '\0', "an error says what is wrong");
    require(std::string_view(error.what()).size() < 1024, "an error is short");
    return std::nullopt;
  }
}

inline void require_consistent(const InferenceRequest& request, std::size_t body_size) {
  require(request.tensors.size() <= 1024 && request.fetch_names.size() <= 1024,
          "a request has few tensors and names");
  std::size_t total = 0;
  for (const Tensor& tensor : request.tensors) {
    require(elem_type_from(static_cast<std::int64_t>(tensor.type)).has_value(), "types are known");
    const bool strings = tensor.type == ElemType::kString;
    require(strings ? tensor.data.empty() : tensor.strings.empty(), "elements are of one kind");
    require(strings || tensor.data.size() % element_size(tensor.type) == 0, "elements are whole");
    require(
        tensor.type != ElemType::kBool || std::all_of(tensor.data.begin(), tensor.data.end(),
                                                      [](char byte) { return (byte & ~1) == 0; }),
        "a bool is 0 or 1");
    total += tensor.count();
  }
  require(total <= body_size, "an element takes a byte at least");
}

// Bytes of both, or of both NaN: JSON has one NaN only.
template <class T>
bool same_floats(const std::string& a, const std::string& b) {
  for (std::size_t at = 0; at + sizeof(T) <= a.size(); at += sizeof(T)) {
    T x;
    T y;
    std::memcpy(&x, a.data() + at, sizeof(T));
    std::memcpy(&y, b.data() + at, sizeof(T));
    if (std::memcmp(&x, &y, sizeof(T)) != 0 && !(std::isnan(x) && std::isnan(y))) {
      return false;
    }
  }
  return true;
}

inline bool same_data(const Tensor& a, const Tensor& b) {
  if (a.type != b.type || a.data.size() != b.data.size()) {
    return false;
  }
  return a.type == ElemType::kFp32   ? same_floats<float>(a.data, b.data)
         : a.type == ElemType::kFp64 ? same_floats<double>(a.data, b.data)
                                     : a.data == b.data;
}

// The tensors of a request as a reply, then as a request again.
inline std::string as_request(Format format, const InferenceRequest& request) {
  InferenceReply reply;
  reply.outputs = request.tensors;
  std::string text = encode_reply(format, reply);
  if (format == Format::kJson) {
    const std::size_t first = std::string_view("{\"outputs\":[{").size();
    return "{" + text.substr(first, text.rfind(",\"engine_name\":") - first) + "}";
  }
  namespace wire = baidu::paddle_serving::predictor::general_model;
  wire::Response response;
  require(response.ParseFromString(text), "protobuf reads a reply");
  wire::Request again;
  again.mutable_tensor()->Swap(response.mutable_outputs(0)->mutable_tensor());
  return again.SerializeAsString();
}

inline void require_return(Format format, const InferenceRequest& request) {
  const InferenceRequest again = decode_request(format, as_request(format, request));
  require(again.tensors.size() == request.tensors.size(), "every tensor returns");
  for (std::size_t i = 0; i < again.tensors.size(); ++i) {
    const Tensor& before = request.tensors[i];
    const Tensor& after = again.tensors[i];
    require(before.name == after.name && before.alias == after.alias, "names return");
    require(before.shape == after.shape && before.lod == after.lod, "shapes return");
    require(before.strings == after.strings, "strings return");
    require(same_data(before, after), "elements return");
  }
}

inline void run_codec(Format format, std::string_view body) {
  const auto request = decoded(format, body);
  if (!request) {
    return;
  }
  require_consistent(*request, body.size());
  require_return(Format::kJson, *request);
  require_return(Format::kProto, *request);
}

inline void run_json_codec(std::string_view body) {
  run_codec(Format::kJson, body);
  simdjson::dom::parser parser;
  const auto error = parser.parse(body.data(), body.size()).error();
  // that parser refuses numbers beyond its types, wherever they stand
  if (error != simdjson::SUCCESS && error != simdjson::NUMBER_ERROR) {
    require(!decoded(Format::kJson, body), "what is not JSON is refused");
  }
}

inline void run_proto_codec(std::string_view body) {
  run_codec(Format::kProto, body);
  baidu::paddle_serving::predictor::general_model::Request message;
  const google::protobuf::LogSilencer silencer;
  if (!message.ParseFromArray(body.data(), static_cast<int>(body.size()))) {
    require(!decoded(Format::kProto, body), "what protobuf refuses is refused");
  }
}

// The first byte decides how much is allowed.
inline void run_inflate(std::string_view input) {
  const std::size_t allowed =
      input.empty() ? 0 : std::size_t{1} << (static_cast<unsigned char>(input[0]) % 20U);
  const std::string_view data = input.substr(std::min<std::size_t>(1, input.size()));
  try {
    const std::string text = inflate(data, allowed);
    require(text.size() <= allowed, "no more than allowed");
    require(inflate(gzip(text) + gzip(text), 2 * allowed) == text + text, "gzip returns");
  } catch (const CallError& error) {
    require(error.status() == Status::kMalformed || error.status() == Status::kTooLarge,
            "inflate refuses with one of its statuses");
  }
  require(inflate(gzip(input), input.size()) == input, "any bytes return");
}

}  // namespace tensor_service
