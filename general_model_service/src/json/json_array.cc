// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// See json_array.h. Most of the time that a request of token ids takes to decode goes into
// read_integers().

#include "json/json_array.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "report/error.h"

namespace tensor_service {
namespace {

// The value of a digit; more than 9 for any other character.
unsigned digit_at(const char* at) { return static_cast<unsigned char>(*at) - unsigned{'0'}; }
constexpr unsigned kComma = ',' - unsigned{'0'};

constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// The value that begins at `at`: to the next comma, bracket or white space, or the end of quotes.
std::string_view token_at(const char* at, const char* end) {
  const char* stop = at;
  if (*at == '"') {
    stop = std::find(at + 1, end, '"');
    stop += stop == end ? 0 : 1;
  } else {
    while (stop != end && *stop != ',' && *stop != ']' && !is_space(*stop)) {
      ++stop;
    }
  }
  return {at, static_cast<std::size_t>(stop - at)};
}

const char* skip_space(const char* at) {
  while (is_space(*at)) {
    ++at;
  }
  return at;
}

// Values wait here for one append.
template <class T>
struct Block {
  std::array<T, 512> values;
  std::size_t used = 0;
};

// Reads plain integers of few digits, each with a comma behind it, until the block is full or the
// text is another; returns the place of the next value. The zero byte behind the document ends
// every run of digits or white space.
template <class T>
const char* read_integers(const char* at, Block<T>& block) {
  constexpr std::ptrdiff_t kMaxDigits = std::numeric_limits<T>::digits10;
  std::size_t used = block.used;
  while (used < block.values.size()) {
    const char* place = at;
    const bool negative = std::is_signed_v<T> && *place == '-';
    place += negative ? 1 : 0;
    const char* const first = place;
    std::make_unsigned_t<T> sum = 0;  // wraps when there are too many digits
    unsigned digit = digit_at(place);
    while (digit <= 9) {
      sum = sum * 10 + digit;
      digit = digit_at(++place);
    }
    const std::ptrdiff_t digits = place - first;
    if (digit != kComma || digits == 0 || digits > kMaxDigits || (*first == '0' && digits > 1)) {
      break;
    }
    block.values[used++] = static_cast<T>(negative ? 0 - sum : sum);
    at = skip_space(place + 1);
  }
  block.used = used;
  return at;
}

}  // namespace

template <class T>
std::string json_numbers(std::string_view array, const JsonPath& path) {
  const char* const end = array.data() + array.size();
  const char* at = skip_space(array.data() + 1);
  if (*at == ']') {
    return {};
  }
  std::string bytes;
  Block<T> block;
  const auto flush = [&] {
    if (bytes.empty() && block.used == block.values.size()) {
      // the rest will be much like the first block
      const auto chars = static_cast<std::size_t>(at - array.data());
      bytes.reserve(array.size() / chars * sizeof(block.values) + 2 * sizeof(block.values));
    }
    bytes.append(reinterpret_cast<const char*>(block.values.data()), block.used * sizeof(T));
    block.used = 0;
  };
  while (true) {
    if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
      at = read_integers(at, block);
    }
    if (block.used == block.values.size()) {
      flush();
      continue;
    }
    const std::string_view token = token_at(at, end);
    const std::size_t element = bytes.size() / sizeof(T) + block.used;
    block.values[block.used++] = json_number<T>(token, path, element);
    at = skip_space(at + token.size());
    if (*at == ']') {
      flush();
      return bytes;
    }
    if (*at != ',') {
      throw CallError(Status::kMalformed, path.text(element + 1) + ": expected a comma before it");
    }
    at = skip_space(at + 1);
  }
}

template std::string json_numbers<std::int32_t>(std::string_view, const JsonPath&);
template std::string json_numbers<std::int64_t>(std::string_view, const JsonPath&);
template std::string json_numbers<std::uint32_t>(std::string_view, const JsonPath&);
template std::string json_numbers<float>(std::string_view, const JsonPath&);
template std::string json_numbers<double>(std::string_view, const JsonPath&);
template std::string json_numbers<bool>(std::string_view, const JsonPath&);

}  // namespace tensor_service
