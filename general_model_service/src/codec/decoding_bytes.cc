// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// See decoding_bytes.h.

#include "codec/decoding_bytes.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>

#include "general_model_service.pb.h"

namespace tensor_service {
namespace {

namespace pb = google::protobuf;
namespace wire = baidu::paddle_serving::predictor::general_model;
using Lite = pb::internal::WireFormatLite;

constexpr std::size_t kElement = sizeof(std::int64_t);
// An arena keeps the smaller blocks of a list that grew in it: twice the elements at most, and the
// last block may be half empty. Then the tensor has them once.
constexpr std::size_t kArenaTimes = 4;

std::size_t count_of(std::string_view text, char wanted) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), wanted));
}

// Bytes between quotes.
std::size_t quoted_bytes(std::string_view body) {
  std::size_t bytes = 0;
  for (std::size_t begin = body.find('"'); begin != std::string_view::npos;) {
    std::size_t end = begin;
    std::size_t slashes = 0;
    do {  // to the next quote that no backslash takes away
      end = std::min(body.find('"', end + 1), body.size());
      slashes = end - 1 - std::min(body.find_last_not_of('\\', end - 1), end - 1);
    } while (end < body.size() && slashes % 2 == 1);
    bytes += end - begin;
    begin = end < body.size() ? body.find('"', end + 1) : std::string_view::npos;
  }
  return bytes;
}

// simdjson keeps four bytes for each bracket, comma, colon and value, and texts once more; a tensor
// eight bytes for each value, and texts once more.
std::size_t json_bytes(std::string_view body) {
  const std::size_t openers = count_of(body, '[') + count_of(body, '{');
  const std::size_t commas = count_of(body, ',');
  const std::size_t colons = count_of(body, ':');
  const std::size_t values = std::min(commas + colons + openers, body.size());
  const std::size_t index = std::min(2 * openers + commas + colons + values, body.size() + 64);
  // a value that is counted twice, as a bracket and as what is in it, takes two characters
  return index * sizeof(std::uint32_t) + std::min(values, body.size() / 2) * kElement +
         2 * quoted_bytes(body);
}

// Varints of a packed field.
std::size_t varints(pb::io::CodedInputStream& stream, int size) {
  const void* data = nullptr;
  int there = 0;
  if (!stream.GetDirectBufferPointer(&data, &there)) {
    return 0;
  }
  const auto* bytes = static_cast<const unsigned char*>(data);
  return static_cast<std::size_t>(
      std::count_if(bytes, bytes + std::min(size, there), [](auto byte) { return byte < 0x80; }));
}

bool is_varint_field(int field) {
  switch (field) {
    case wire::Tensor::kInt64DataFieldNumber:
    case wire::Tensor::kIntDataFieldNumber:
    case wire::Tensor::kUint32DataFieldNumber:
    case wire::Tensor::kBoolDataFieldNumber:
    case wire::Tensor::kShapeFieldNumber:
    case wire::Tensor::kLodFieldNumber:
      return true;
    default:
      return false;
  }
}

// Of the Tensor that comes next; what does not parse is decode_request's to refuse.
std::size_t tensor_bytes(pb::io::CodedInputStream& stream) {
  int size = 0;
  if (!stream.ReadVarintSizeAsInt(&size)) {
    return 0;
  }
  const auto limit = stream.PushLimit(size);
  std::size_t bytes = 0;
  while (const std::uint32_t tag = stream.ReadTag()) {
    int length = 0;
    const bool packed = Lite::GetTagWireType(tag) == Lite::WIRETYPE_LENGTH_DELIMITED;
    if (!packed) {
      bytes += kElement * (kArenaTimes + 1);
      if (!Lite::SkipField(&stream, tag)) {
        return bytes;
      }
      continue;
    }
    if (!stream.ReadVarintSizeAsInt(&length)) {
      return bytes;
    }
    bytes += is_varint_field(Lite::GetTagFieldNumber(tag))
                 ? varints(stream, length) * kElement * (kArenaTimes + 1)
                 : 2 * static_cast<std::size_t>(length);
    if (!stream.Skip(length)) {
      return bytes;
    }
  }
  stream.Skip(stream.BytesUntilLimit());
  stream.PopLimit(limit);
  return bytes;
}

std::size_t proto_bytes(std::string_view body) {
  pb::io::CodedInputStream stream(reinterpret_cast<const std::uint8_t*>(body.data()),
                                  static_cast<int>(body.size()));
  std::size_t bytes = 0;
  while (const std::uint32_t tag = stream.ReadTag()) {
    if (Lite::GetTagFieldNumber(tag) == wire::Request::kTensorFieldNumber &&
        Lite::GetTagWireType(tag) == Lite::WIRETYPE_LENGTH_DELIMITED) {
      bytes += tensor_bytes(stream);
    } else if (!Lite::SkipField(&stream, tag)) {
      break;
    }
  }
  // what nobody knows is kept with the message
  return bytes + body.size();
}

}  // namespace

std::size_t decoding_bytes(Format format, std::string_view body) {
  return format == Format::kJson ? json_bytes(body) : proto_bytes(body);
}

}  // namespace tensor_service
