// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "text/text_hash.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <random>

namespace tensor_service {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::size_t kWord = sizeof(std::uint64_t);
constexpr std::size_t kBlock = 4 * kWord;

using Secrets = std::array<std::uint64_t, 4>;

Secrets drawn() {
  std::random_device device;
  Secrets secrets{};
  for (std::uint64_t& secret : secrets) {
    secret = static_cast<std::uint64_t>(device()) << 32U | device();
  }
  return secrets;
}

std::uint64_t word_at(const char* place) {
  std::uint64_t word = 0;
  std::memcpy(&word, place, kWord);
  return word;
}

// Both halves of the product, so that each bit of both sides counts.
std::uint64_t mixed(std::uint64_t a, std::uint64_t b) {
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

}  // namespace

std::size_t hash_of_text(std::string_view bytes) {
  static const Secrets secrets = drawn();
  std::uint64_t one = secrets[0] ^ bytes.size();
  std::uint64_t other = secrets[1];
  const auto add = [&](const char* block) {
    one = mixed(word_at(block) ^ secrets[2], word_at(block + kWord) ^ one);
    other = mixed(word_at(block + 2 * kWord) ^ secrets[3], word_at(block + 3 * kWord) ^ other);
  };
  std::size_t place = 0;
  for (; place + kBlock <= bytes.size(); place += kBlock) {
    add(bytes.data() + place);
  }
  if (place < bytes.size()) {
    std::array<char, kBlock> last{};
    std::memcpy(last.data(), bytes.data() + place, bytes.size() - place);
    add(last.data());
  }
  return mixed(one ^ secrets[2], other ^ secrets[3]);
}

}  // namespace tensor_service
