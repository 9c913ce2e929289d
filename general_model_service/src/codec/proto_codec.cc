// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// See proto_codec.h. Messages live in an arena for the time of one call; elements are copied once.

#include "codec/proto_codec.h"

#include <google/protobuf/arena.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/wire_format_lite.h>
#include <simdjson.h>

#include <limits>
#include <memory>
#include <utility>

#include "codec/tensor_fields.h"
#include "general_model_service.pb.h"

namespace tensor_service {
namespace {

namespace pb = google::protobuf;
namespace wire = baidu::paddle_serving::predictor::general_model;

// What a thread keeps for its messages: bodies of 50 rows of 128 tokens fit. Larger messages take
// more for the time of their call.
constexpr std::size_t kArenaBlock = 512U << 10U;

[[noreturn]] void refuse() {
  throw CallError(Status::kMalformed,
                  "body: not a Request of general_model_service.proto, or cut short");
}

using Lite = pb::internal::WireFormatLite;

constexpr std::uint32_t length_delimited(int field) {
  return Lite::MakeTag(field, Lite::WIRETYPE_LENGTH_DELIMITED);
}

void skip(pb::io::CodedInputStream& stream, std::uint32_t tag) {
  if (!Lite::SkipField(&stream, tag)) {
    refuse();
  }
}

// The number of strings in the Tensor that comes next, which is skipped.
std::size_t strings_in(pb::io::CodedInputStream& stream) {
  int size = 0;
  if (!stream.ReadVarintSizeAsInt(&size)) {
    refuse();
  }
  const auto limit = stream.PushLimit(size);
  std::size_t strings = 0;
  while (const std::uint32_t tag = stream.ReadTag()) {
    strings += tag == length_delimited(wire::Tensor::kDataFieldNumber);
    skip(stream, tag);
  }
  if (stream.BytesUntilLimit() != 0) {
    refuse();
  }
  stream.PopLimit(limit);
  return strings;
}

// Counts messages and strings before they are parsed: each takes two bytes here and up to hundreds
// in memory.
void check_counts(std::string_view body) {
  std::size_t tensors = 0;
  std::size_t names = 0;
  std::size_t strings = 0;
  pb::io::CodedInputStream stream(reinterpret_cast<const std::uint8_t*>(body.data()),
                                  static_cast<int>(body.size()));
  while (const std::uint32_t tag = stream.ReadTag()) {
    if (tag == length_delimited(wire::Request::kTensorFieldNumber)) {
      ++tensors;
      strings += strings_in(stream);
      continue;
    }
    names += tag == length_delimited(wire::Request::kFetchVarNamesFieldNumber);
    skip(stream, tag);
  }
  check_count("tensor", tensors, kMaxTensors);
  check_count("fetch_var_names", names, kMaxFetchNames);
  check_count("data", strings, kMaxStrings);
}

template <class T>
std::string bytes_of(const pb::RepeatedField<T>& elements) {
  return {reinterpret_cast<const char*>(elements.data()), elements.size() * sizeof(T)};
}

template <class T>
void set_bytes(pb::RepeatedField<T>& elements, const std::string& bytes) {
  const auto* first = reinterpret_cast<const T*>(bytes.data());
  elements.Add(first, first + bytes.size() / sizeof(T));
}

void fill_elements(TensorFields& fields, wire::Tensor& message) {
  fields.fill(Field::kInt64Data, bytes_of(message.int64_data()));
  fields.fill(Field::kFloatData, bytes_of(message.float_data()));
  fields.fill(Field::kIntData, bytes_of(message.int_data()));
  fields.fill(Field::kFloat64Data, bytes_of(message.float64_data()));
  fields.fill(Field::kUint32Data, bytes_of(message.uint32_data()));
  fields.fill(Field::kBoolData, bytes_of(message.bool_data()));
  fields.fill(Field::kComplex64Data, bytes_of(message.complex64_data()));
  fields.fill(Field::kComplex128Data, bytes_of(message.complex128_data()));
  fields.fill({std::make_move_iterator(message.mutable_data()->begin()),
               std::make_move_iterator(message.mutable_data()->end())});
  fields.fill(Field::kTensorContent, std::move(*message.mutable_tensor_content()));
}

Tensor read_tensor(wire::Tensor& message, std::size_t index) {
  TensorFields fields;
  fields.name = std::move(*message.mutable_name());
  fields.alias = std::move(*message.mutable_alias_name());
  fields.elem_type = message.elem_type();
  fields.shape.assign(message.shape().begin(), message.shape().end());
  fields.lod.assign(message.lod().begin(), message.lod().end());
  fill_elements(fields, message);
  return std::move(fields).take(index);
}

// A proto3 string must be UTF-8, or Python's clients refuse the whole message.
std::string utf8_of(std::string_view text) {
  std::string valid(text);
  if (!simdjson::validate_utf8(valid)) {
    for (char& c : valid) {
      c = static_cast<unsigned char>(c) < 0x80 ? c : '?';
    }
  }
  return valid;
}

void write_elements(wire::Tensor& message, const Tensor& tensor) {
  switch (tensor.type) {
    case ElemType::kInt64:
      return set_bytes(*message.mutable_int64_data(), tensor.data);
    case ElemType::kFp32:
      return set_bytes(*message.mutable_float_data(), tensor.data);
    case ElemType::kInt32:
      return set_bytes(*message.mutable_int_data(), tensor.data);
    case ElemType::kFp64:
      return set_bytes(*message.mutable_float64_data(), tensor.data);
    case ElemType::kBool:
      for (const char byte : tensor.data) {
        message.add_bool_data(byte != 0);
      }
      return;
    case ElemType::kString:
      for (const std::string& text : tensor.strings) {
        message.add_data(utf8_of(text));
      }
      return;
    case ElemType::kInt16:
    case ElemType::kFp16:
    case ElemType::kBf16:
    case ElemType::kUint8:
    case ElemType::kInt8:
      message.set_tensor_content(tensor.data);
      return;
  }
}

void write_tensor(wire::Tensor& message, const Tensor& tensor) {
  write_elements(message, tensor);
  message.set_elem_type(static_cast<std::int32_t>(tensor.type));
  message.set_name(utf8_of(tensor.name));
  message.set_alias_name(utf8_of(tensor.alias));
  for (const std::int64_t dim : tensor.shape) {
    message.add_shape(static_cast<std::int32_t>(dim));
  }
  for (const std::int64_t offset : tensor.lod) {
    message.add_lod(static_cast<std::int32_t>(offset));
  }
}

// Over the thread's block: one arena at a time.
pb::ArenaOptions arena_options() {
  thread_local const auto block = std::make_unique<char[]>(kArenaBlock);
  pb::ArenaOptions options;
  options.initial_block = block.get();
  options.initial_block_size = kArenaBlock;
  return options;
}

}  // namespace

InferenceRequest decode_proto(std::string_view body) {
  if (body.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    throw CallError(Status::kTooLarge, "body: protobuf messages end at 2 GiB; send fewer rows");
  }
  check_counts(body);
  pb::Arena arena(arena_options());
  auto* message = pb::Arena::CreateMessage<wire::Request>(&arena);
  {
    // a caller's broken UTF-8 is the caller's to hear of, not a line per request on stderr
    const pb::LogSilencer silencer;
    if (!message->ParseFromArray(body.data(), static_cast<int>(body.size()))) {
      refuse();
    }
  }
  InferenceRequest request;
  request.tensors.reserve(message->tensor_size());
  for (wire::Tensor& tensor : *message->mutable_tensor()) {
    request.tensors.push_back(read_tensor(tensor, request.tensors.size()));
  }
  request.fetch_names.assign(std::make_move_iterator(message->mutable_fetch_var_names()->begin()),
                             std::make_move_iterator(message->mutable_fetch_var_names()->end()));
  request.profile = message->profile_server();
  request.log_id = message->log_id();
  return request;
}

std::string encode_proto(const InferenceReply& reply) {
  pb::Arena arena(arena_options());
  auto* message = pb::Arena::CreateMessage<wire::Response>(&arena);
  wire::ModelOutput& output = *message->add_outputs();
  output.set_engine_name(utf8_of(reply.engine_name));
  for (const Tensor& tensor : reply.outputs) {
    write_tensor(*output.add_tensor(), tensor);
  }
  if (reply.profile) {
    message->mutable_profile_time()->Add(reply.profile_times.begin(), reply.profile_times.end());
    message->set_profile_server(true);
  }
  message->set_log_id(reply.log_id);
  return message->SerializeAsString();
}

std::string encode_proto_error(Status status, std::string_view message, std::uint64_t log_id) {
  wire::Response response;
  response.set_err_no(err_no(status));
  response.set_err_msg(utf8_of(message));
  response.set_log_id(log_id);
  return response.SerializeAsString();
}

}  // namespace tensor_service
