// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "experiments/hash.h"

#include <blake2.h>

#include <array>
#include <stdexcept>

#include "json/utf8.h"

namespace tensor_service {
namespace {

constexpr std::size_t kMaxQueryChars = 256;
constexpr std::size_t kUnitBytes = 16;
constexpr std::size_t kLoggedBytes = 12;

class Fnv {
 public:
  void add(char32_t code_unit) { value_ = (value_ ^ code_unit) * 0x01000193U; }
  std::uint32_t value() const { return value_; }

 private:
  std::uint32_t value_ = 0x811C9DC5U;
};

void add_text(Fnv& hash, std::string_view text) {
  while (!text.empty()) {
    const char32_t character = take_character(text);
    if (character < 0x10000) {
      hash.add(character);
    } else {
      hash.add(0xD800 + ((character - 0x10000) >> 10U));
      hash.add(0xDC00 + ((character - 0x10000) & 0x3FFU));
    }
  }
}

}  // namespace

std::uint32_t fnv1a32(std::string_view text) {
  Fnv hash;
  add_text(hash, text);
  return hash.value();
}

std::uint32_t bucket_of(std::string_view unit, std::string_view salt) {
  Fnv first;
  add_text(first, salt);
  add_text(first, unit);
  return fnv1a32(std::to_string(first.value())) % kBuckets;
}

std::string blake2b(std::string_view bytes, std::size_t size) {
  std::array<unsigned char, BLAKE2B_OUTBYTES> digest{};
  if (::blake2b(digest.data(), bytes.data(), nullptr, size, bytes.size(), 0) != 0) {
    throw std::invalid_argument("BLAKE2b has 1 to 64 bytes");
  }
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    text += kHex[digest[i] >> 4U];
    text += kHex[digest[i] & 0xFU];
  }
  return text;
}

std::string unit_of(std::string_view unit_id, std::string_view user_id, std::string_view query) {
  if (!unit_id.empty() || !user_id.empty()) {
    return std::string(unit_id.empty() ? user_id : unit_id);
  }
  if (query.size() <= kMaxQueryChars || count_characters(query) <= kMaxQueryChars) {
    return std::string(query);
  }
  return blake2b(query, kUnitBytes);
}

std::string logged_unit(const std::string& unit, bool is_query) {
  return is_query ? "query:" + blake2b(unit, kLoggedBytes) : unit;
}

}  // namespace tensor_service
