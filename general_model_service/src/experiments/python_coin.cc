// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "experiments/python_coin.h"

#include <openssl/sha.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace tensor_service {
namespace {

constexpr std::size_t kWords = 624;

// The bytes as one big-endian number, in words of 32 bits, the least significant first.
std::vector<std::uint32_t> words_of(std::string_view bytes) {
  bytes.remove_prefix(std::min(bytes.find_first_not_of('\0'), bytes.size()));
  std::vector<std::uint32_t> words((bytes.size() + 3) / 4);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[bytes.size() - 1 - i]);
    words[i / 4] |= static_cast<std::uint32_t>(byte) << (i % 4 * 8);
  }
  if (words.empty()) {
    words.push_back(0);
  }
  return words;
}

std::vector<std::uint32_t> key_of(std::string_view seed) {
  std::string bytes(seed);
  unsigned char digest[SHA512_DIGEST_LENGTH];
  SHA512(reinterpret_cast<const unsigned char*>(seed.data()), seed.size(), digest);
  bytes.append(reinterpret_cast<const char*>(digest), sizeof(digest));
  return words_of(bytes);
}

// What std::mersenne_twister_engine takes as its seed sequence: init_by_array.
class InitByArray {
 public:
  using result_type = std::uint32_t;

  explicit InitByArray(std::vector<std::uint32_t> key) : key_(std::move(key)) {}

  template <class Iterator>
  void generate(Iterator begin, Iterator end) const {
    std::vector<std::uint32_t> state = mixed();
    std::copy_n(state.begin(), end - begin, begin);
  }

 private:
  std::vector<std::uint32_t> mixed() const {
    std::vector<std::uint32_t> state(kWords);
    state[0] = 19650218U;
    for (std::uint32_t i = 1; i < kWords; ++i) {
      state[i] = 1812433253U * (state[i - 1] ^ (state[i - 1] >> 30U)) + i;
    }
    std::size_t place = 1;
    std::size_t word = 0;
    for (std::size_t k = std::max(kWords, key_.size()); k > 0; --k) {
      state[place] = (state[place] ^ (spread(state[place - 1]) * 1664525U)) + key_[word] +
                     static_cast<std::uint32_t>(word);
      step(state, place);
      word = (word + 1) % key_.size();
    }
    for (std::size_t k = kWords - 1; k > 0; --k) {
      state[place] = (state[place] ^ (spread(state[place - 1]) * 1566083941U)) -
                     static_cast<std::uint32_t>(place);
      step(state, place);
    }
    state[0] = 0x80000000U;
    return state;
  }

  static std::uint32_t spread(std::uint32_t word) { return word ^ (word >> 30U); }

  static void step(std::vector<std::uint32_t>& state, std::size_t& place) {
    if (++place >= kWords) {
      state[0] = state[kWords - 1];
      place = 1;
    }
  }

  std::vector<std::uint32_t> key_;
};

std::mt19937 twister_of(std::string_view seed) {
  InitByArray sequence(key_of(seed));
  return std::mt19937(sequence);
}

}  // namespace

PythonCoin::PythonCoin(std::string_view seed) : twister_(twister_of(seed)) {}

}  // namespace tensor_service
