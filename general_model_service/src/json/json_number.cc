// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// See json_number.h.

#include "json/json_number.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "report/error.h"

namespace tensor_service {
namespace {

enum class Fault { kNone, kSyntax, kRange };

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

const char* skip_digits(const char* at, const char* end) {
  while (at != end && is_digit(*at)) {
    ++at;
  }
  return at;
}

template <class T>
constexpr std::string_view type_name() {
  if constexpr (std::is_same_v<T, bool>) {
    return "bool";
  } else if constexpr (std::is_floating_point_v<T>) {
    return sizeof(T) == 4 ? "float32" : "float64";
  } else if constexpr (sizeof(T) == 4) {
    return std::is_signed_v<T> ? "int32" : "uint32";
  } else {
    return std::is_signed_v<T> ? "int64" : "uint64";
  }
}

// Exponents of the first significant digit tell the two ways out of a float's range apart;
// std::from_chars does not. The text is a JSON number that is not 0.
bool is_beyond_one(std::string_view text) {
  text.remove_prefix(text.front() == '-' ? 1 : 0);
  const std::size_t mark = text.find_first_of("eE");
  const std::string_view digits = text.substr(0, mark);
  std::int64_t exponent = 0;
  if (mark != std::string_view::npos) {
    std::string_view tail = text.substr(mark + 1);
    const bool negative = tail.front() == '-';
    tail.remove_prefix(negative || tail.front() == '+' ? 1 : 0);
    const auto result = std::from_chars(tail.data(), tail.data() + tail.size(), exponent);
    if (result.ec != std::errc()) {
      return !negative;
    }
    exponent = negative ? -exponent : exponent;
  }
  const std::size_t point = std::min(digits.find('.'), digits.size());
  const std::size_t first = digits.find_first_of("123456789");
  if (first == std::string_view::npos) {
    return false;
  }
  const auto place = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first);
  return place > -exponent;  // place + exponent could overflow
}

template <class T>
Fault read_float(std::string_view text, T& value) {
  if (text == "NaN") {
    value = std::numeric_limits<T>::quiet_NaN();
    return Fault::kNone;
  }
  if (text == "Infinity" || text == "-Infinity") {
    value = std::numeric_limits<T>::infinity() * (text.front() == '-' ? T{-1} : T{1});
    return Fault::kNone;
  }
  if (!is_json_number(text)) {
    return Fault::kSyntax;
  }
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc()) {
    return Fault::kNone;
  }
  value = text.front() == '-' ? -T{0} : T{0};
  return is_beyond_one(text) ? Fault::kRange : Fault::kNone;
}

// An integer with a point or an exponent: 12.0, 1e3.
template <class T>
Fault read_decimal(std::string_view text, T& value) {
  constexpr double kExact = 9007199254740992.0;  // 2^53: doubles beyond skip integers
  double real = 0;
  const Fault fault = read_float(text, real);
  if (fault != Fault::kNone) {
    return fault;
  }
  if (std::trunc(real) != real) {  // also NaN
    return Fault::kSyntax;
  }
  if (std::fabs(real) >= kExact || real < static_cast<double>(std::numeric_limits<T>::min()) ||
      real > static_cast<double>(std::numeric_limits<T>::max())) {
    return Fault::kRange;
  }
  value = static_cast<T>(real);
  return Fault::kNone;
}

template <class T>
Fault read_integer(std::string_view text, T& value) {
  if (!is_json_number(text)) {
    return Fault::kSyntax;
  }
  const char* const end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  if (result.ec == std::errc() && result.ptr == end) {
    return Fault::kNone;
  }
  if (text.find_first_of(".eE") == std::string_view::npos) {
    value = 0;
    return text == "-0" ? Fault::kNone : Fault::kRange;
  }
  return read_decimal(text, value);
}

Fault read_bool(std::string_view text, bool& value) {
  value = text == "true" || text == "1";
  return value || text == "false" || text == "0" ? Fault::kNone : Fault::kSyntax;
}

template <class T>
[[noreturn]] void throw_fault(Fault fault, std::string_view token, const std::string& path) {
  // cut, since it is as long as the caller likes and ends in a message
  const std::string shown(token.substr(0, 40));
  if (fault == Fault::kRange) {
    throw CallError(Status::kOverflow,
                    path + ": " + shown + " is out of range for " + std::string(type_name<T>()));
  }
  const bool bare = std::is_floating_point_v<T> &&
                    (shown == "NaN" || shown == "Infinity" || shown == "-Infinity");
  throw CallError(Status::kMalformed, path + ": " + (shown.empty() ? "nothing" : shown) +
                                          " is not a value of " + std::string(type_name<T>()) +
                                          (bare ? "; write it in quotes" : ""));
}

}  // namespace

std::string JsonPath::text(std::optional<std::size_t> element) const {
  std::string path = tensor ? "tensor[" + std::to_string(*tensor) + "]" : "";
  path += path.empty() || field.empty() ? "" : ".";
  path += field;
  return element ? path + "[" + std::to_string(*element) + "]" : path;
}

bool is_json_number(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  at += at != end && *at == '-' ? 1 : 0;
  const char* const whole = at;
  at = skip_digits(at, end);
  if (at == whole || (*whole == '0' && at - whole > 1)) {
    return false;
  }
  if (at != end && *at == '.') {
    const char* const fraction = at + 1;
    at = skip_digits(fraction, end);
    if (at == fraction) {
      return false;
    }
  }
  if (at != end && (*at == 'e' || *at == 'E')) {
    ++at;
    at += at != end && (*at == '+' || *at == '-') ? 1 : 0;
    const char* const power = at;
    at = skip_digits(at, end);
    if (at == power) {
      return false;
    }
  }
  return at == end;
}

template <class T>
T json_number(std::string_view token, const JsonPath& path, std::optional<std::size_t> element) {
  std::string_view text = token;
  const bool quoted = text.size() >= 2 && text.starts_with('"') && text.ends_with('"');
  if (quoted) {
    text = text.substr(1, text.size() - 2);
  }
  T value{};
  Fault fault = Fault::kSyntax;
  if constexpr (std::is_same_v<T, bool>) {
    fault = read_bool(token, value);
  } else if constexpr (std::is_integral_v<T>) {
    fault = read_integer(text, value);
  } else if (quoted || is_json_number(text)) {  // NaN without quotes is no JSON
    fault = read_float(text, value);
  }
  if (fault != Fault::kNone) {
    throw_fault<T>(fault, token, path.text(element));
  }
  return value;
}

template std::int32_t json_number(std::string_view, const JsonPath&, std::optional<std::size_t>);
template std::int64_t json_number(std::string_view, const JsonPath&, std::optional<std::size_t>);
template std::uint32_t json_number(std::string_view, const JsonPath&, std::optional<std::size_t>);
template std::uint64_t json_number(std::string_view, const JsonPath&, std::optional<std::size_t>);
template float json_number(std::string_view, const JsonPath&, std::optional<std::size_t>);
template double json_number(std::string_view, const JsonPath&, std::optional<std::size_t>);
template bool json_number(std::string_view, const JsonPath&, std::optional<std::size_t>);

}  // namespace tensor_service
