// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "wire/grpc_message.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace tensor_service {
namespace {

constexpr std::size_t kPrefixSize = 5;
// Longer than any call takes; keeps a deadline within the clock's range.
constexpr std::chrono::nanoseconds kLongestTimeout = std::chrono::hours(24);

std::int64_t nanoseconds_of(char unit) {
  switch (unit) {
    case 'H':
      return 3'600'000'000'000;
    case 'M':
      return 60'000'000'000;
    case 'S':
      return 1'000'000'000;
    case 'm':
      return 1'000'000;
    case 'u':
      return 1'000;
    case 'n':
      return 1;
    default:
      return 0;
  }
}

}  // namespace

void GrpcMessage::append(std::string_view bytes, std::size_t max_body, HeldBytes& held) {
  if (prefix_.size() < kPrefixSize) {
    const std::string_view part = bytes.substr(0, kPrefixSize - prefix_.size());
    prefix_.append(part);
    bytes.remove_prefix(part.size());
    if (prefix_.size() < kPrefixSize) {
      return;
    }
    read_prefix(max_body);
  }
  if (bytes.size() > wanted_ - message_.size()) {
    throw CallError(Status::kMalformed,
                    "request stream: more than one message; this method takes exactly one");
  }
  // it grows with what arrives, because the size in the prefix costs the peer nothing
  held.append(message_, bytes, wanted_);
}

void GrpcMessage::read_prefix(std::size_t max_body) {
  for (const char byte : std::string_view(prefix_).substr(1)) {
    wanted_ = wanted_ << 8U | static_cast<unsigned char>(byte);
  }
  if (prefix_[0] != 0 && prefix_[0] != 1) {
    throw CallError(Status::kMalformed,
                    "message prefix: the compressed flag is neither 0 nor 1; send gRPC messages");
  }
  if (wanted_ > max_body) {
    throw CallError(Status::kTooLarge, "message: " + std::to_string(wanted_) +
                                           " bytes, more than the " + std::to_string(max_body) +
                                           " of --max_body_size; send fewer rows");
  }
}

std::string GrpcMessage::finish(bool encoded) {
  if (prefix_.size() < kPrefixSize || message_.size() < wanted_) {
    throw CallError(Status::kMalformed, prefix_.empty()
                                            ? "request stream: no message; this method takes one"
                                            : "request stream: it ends inside its message");
  }
  if (is_compressed() && !encoded) {
    throw CallError(Status::kUnsupported,
                    "message prefix: compressed, but grpc-encoding names no encoding; send one of "
                    "gzip, deflate or clear the flag");
  }
  return std::move(message_);
}

std::string grpc_framed(std::string_view message) {
  std::string framed;
  framed.reserve(kPrefixSize + message.size());
  framed += '\0';
  for (const unsigned shift : {24U, 16U, 8U, 0U}) {
    framed += static_cast<char>(message.size() >> shift & 0xFFU);
  }
  return framed.append(message);
}

std::optional<std::chrono::nanoseconds> grpc_timeout(std::string_view value) {
  constexpr std::size_t kMostDigits = 8;
  if (value.size() < 2 || value.size() > kMostDigits + 1) {
    return std::nullopt;
  }
  const std::int64_t unit = nanoseconds_of(value.back());
  value.remove_suffix(1);
  const bool digits = value.find_first_not_of("0123456789") == std::string_view::npos;
  if (unit == 0 || !digits) {
    return std::nullopt;
  }
  std::int64_t number = 0;
  std::from_chars(value.data(), value.data() + value.size(), number);
  return std::chrono::nanoseconds(std::min(number, kLongestTimeout.count() / unit) * unit);
}

std::string grpc_message_text(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  constexpr std::size_t kLongest = 1024;  // clients take some 8 KiB of trailers
  std::size_t length = std::min(text.size(), kLongest);
  while (length < text.size() && length > 0 && (text[length] & 0xC0) == 0x80) {
    --length;  // not inside a UTF-8 character
  }
  text = text.substr(0, length);
  std::string encoded;
  encoded.reserve(length);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7F && c != '%') {
      encoded += c;
    } else {
      encoded += '%';
      encoded += kDigits[byte >> 4U];
      encoded += kDigits[byte & 0xFU];
    }
  }
  return encoded;
}

}  // namespace tensor_service
