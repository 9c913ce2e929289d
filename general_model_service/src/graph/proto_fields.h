// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A protobuf message field by field, without its classes: what is not wanted is skipped in the
// file, however large. Used by paddle_ops.cc and onnx_ops.cc.

#pragma once

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/wire_format_lite.h>

#include <cstdint>
#include <istream>
#include <stdexcept>
#include <string>
#include <vector>

namespace tensor_service {

class ProtoFields {
 public:
  explicit ProtoFields(std::istream& file) : file_(&file), stream_(&file_) {}

  // Calls take(number) for each field of the message that is being read; take reads the value by
  // one of the functions below, or returns false to skip it.
  template <class Take>
  void each(Take take) {
    while (const std::uint32_t tag = stream_.ReadTag()) {
      tag_ = tag;
      if (!take(Lite::GetTagFieldNumber(tag))) {
        require(Lite::SkipField(&stream_, tag));
      }
    }
    require(stream_.ConsumedEntireMessage());
  }

  // Reads the value as a message.
  template <class Take>
  bool message(Take take) {
    int size = 0;
    require(is_delimited() && stream_.ReadVarintSizeAsInt(&size));
    const auto limit = stream_.PushLimit(size);
    each(take);
    require(stream_.BytesUntilLimit() == 0);
    stream_.PopLimit(limit);
    return true;
  }

  bool text(std::string& value) {
    require(is_delimited() && Lite::ReadBytes(&stream_, &value));
    return true;
  }

  bool number(std::uint64_t& value) {
    require(Lite::GetTagWireType(tag_) == Lite::WIRETYPE_VARINT && stream_.ReadVarint64(&value));
    return true;
  }

  // Adds to a repeated field of integers, packed or not.
  bool numbers(std::vector<std::int64_t>& values) {
    std::uint64_t value = 0;
    if (!is_delimited()) {
      number(value);
      values.push_back(static_cast<std::int64_t>(value));
      return true;
    }
    int size = 0;
    require(stream_.ReadVarintSizeAsInt(&size));
    const auto limit = stream_.PushLimit(size);
    while (stream_.BytesUntilLimit() > 0) {
      require(stream_.ReadVarint64(&value));
      values.push_back(static_cast<std::int64_t>(value));
    }
    stream_.PopLimit(limit);
    return true;
  }

 private:
  using Lite = google::protobuf::internal::WireFormatLite;

  static void require(bool good) {
    if (!good) {
      throw std::runtime_error("not a graph, or damaged");
    }
  }
  bool is_delimited() const {
    return Lite::GetTagWireType(tag_) == Lite::WIRETYPE_LENGTH_DELIMITED;
  }

  google::protobuf::io::IstreamInputStream file_;
  google::protobuf::io::CodedInputStream stream_;
  std::uint32_t tag_ = 0;
};

}  // namespace tensor_service
