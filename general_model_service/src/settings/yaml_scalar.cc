// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "settings/yaml_scalar.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <regex>
#include <vector>

namespace tensor_service {
namespace {

// The regular expressions of PyYAML's resolver.
constexpr const char* kBool =
    "yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF";
constexpr const char* kFloat =
    "[-+]?[0-9][0-9_]*\\.[0-9_]*(?:[eE][-+][0-9]+)?|\\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|"
    "[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\\.[0-9_]*|[-+]?\\.(?:inf|Inf|INF)|\\.(?:nan|NaN|NAN)";
constexpr const char* kInt =
    "[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|"
    "[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+";
constexpr const char* kMoment =
    "[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9][0-9]?-[0-9][0-9]?(?:[Tt]|[ \\t]+)[0-9][0-9]?:"
    "[0-9]{2}:[0-9]{2}(?:\\.[0-9]*)?(?:[ \\t]*(?:Z|[-+][0-9][0-9]?(?::[0-9]{2})?))?";

// std::regex calls itself for each character. No number of a configuration is as long.
constexpr std::size_t kLongest = 1000;

bool matches(const std::string& value, const std::regex& pattern) {
  return value.size() <= kLongest && std::regex_match(value, pattern);
}

bool is_null_word(std::string_view value) {
  return value.empty() || value == "~" || value == "null" || value == "Null" || value == "NULL";
}

// A whole number of any size, as digits of base 1e9, the last first.
class Whole {
 public:
  void append(int base, int digit) {
    auto carry = static_cast<std::uint64_t>(digit);
    for (std::uint32_t& part : parts_) {
      carry += static_cast<std::uint64_t>(part) * static_cast<std::uint64_t>(base);
      part = static_cast<std::uint32_t>(carry % kBase);
      carry /= kBase;
    }
    if (carry > 0) {
      parts_.push_back(static_cast<std::uint32_t>(carry));
    }
  }

  std::string text(bool negative) const {
    if (parts_.empty()) {
      return "0";
    }
    std::string digits = std::to_string(parts_.back());
    for (auto part = parts_.rbegin() + 1; part != parts_.rend(); ++part) {
      const std::string next = std::to_string(*part);
      digits += std::string(9 - next.size(), '0') + next;
    }
    return (negative ? "-" : "") + digits;
  }

 private:
  static constexpr std::uint64_t kBase = 1'000'000'000;
  std::vector<std::uint32_t> parts_;
};

int digit_of(char c, int base, const std::string& value) {
  int digit = base;
  if (c >= '0' && c <= '9') {
    digit = c - '0';
  } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
    digit = (c | 0x20) - 'a' + 10;
  }
  if (digit >= base) {
    throw ScalarError("invalid literal for a whole number with base " + std::to_string(base) +
                      ": '" + value + "'");
  }
  return digit;
}

std::string without_underscores(std::string value) {
  std::erase(value, '_');
  return value;
}

// Takes a sign off.
bool take_sign(std::string& value) {
  const bool negative = value.starts_with('-');
  if (negative || value.starts_with('+')) {
    value.erase(0, 1);
  }
  return negative;
}

// Of "1:30:00", parts of which the first may be any number.
std::string sixties(const std::string& value, bool negative) {
  constexpr int kMostOfPart = 1'000'000;
  if (value.size() > kLongest) {
    throw ScalarError("invalid literal for a whole number: '" + value.substr(0, 40) + "'");
  }
  Whole whole;
  int part = 0;
  bool first = true;
  for (std::size_t i = 0; i <= value.size(); ++i) {
    if (i < value.size() && value[i] != ':') {
      const int digit = digit_of(value[i], 10, value);
      if (first) {
        whole.append(10, digit);
      } else {
        part = part * 10 + digit;
        if (part > kMostOfPart) {
          throw ScalarError("invalid literal for a whole number: '" + value.substr(0, 40) + "'");
        }
      }
      continue;
    }
    if (!first) {
      whole.append(60, part);
    }
    first = false;
    part = 0;
  }
  return whole.text(negative);
}

JsonNode int_node(const std::string& given) {
  JsonNode node;
  node.kind = JsonKind::kInteger;
  std::string value = without_underscores(given);
  const bool negative = take_sign(value);
  if (value.find(':') != std::string::npos) {
    node.text = sixties(value, negative);
    return node;
  }
  int base = 10;
  std::string digits = value;
  if (value.starts_with("0b") || value.starts_with("0x")) {
    base = value[1] == 'b' ? 2 : 16;
    digits = value.substr(2);
  } else if (value.starts_with('0')) {
    base = 8;
  }
  if (digits.empty() || digits.size() > kLongest) {
    throw ScalarError("invalid literal for a whole number with base " + std::to_string(base) +
                      ": '" + digits.substr(0, 40) + "'");
  }
  Whole whole;
  for (const char digit : digits) {
    whole.append(base, digit_of(digit, base, digits));
  }
  node.text = whole.text(negative);
  return node;
}

double plain_float(const std::string& value, const std::string& given) {
  char* end = nullptr;
  const double number = std::strtod(value.c_str(), &end);
  const bool plain = value.find_first_not_of("0123456789.e+-") == std::string::npos;
  if (value.empty() || !plain || end != value.c_str() + value.size()) {
    throw ScalarError("could not convert to a number: '" + given.substr(0, 40) + "'");
  }
  return number;
}

JsonNode float_node(const std::string& given) {
  JsonNode node;
  node.kind = JsonKind::kFloat;
  std::string value = without_underscores(given);
  std::transform(value.begin(), value.end(), value.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  const bool negative = take_sign(value);
  if (value == ".inf") {
    node.number = std::numeric_limits<double>::infinity();
  } else if (value == ".nan") {
    node.number = std::numeric_limits<double>::quiet_NaN();
  } else {
    for (std::size_t begin = 0; begin <= value.size();) {
      const std::size_t end = std::min(value.find(':', begin), value.size());
      node.number = node.number * 60 + plain_float(value.substr(begin, end - begin), given);
      begin = end + 1;
    }
  }
  node.number = negative ? -node.number : node.number;
  return node;
}

JsonNode bool_node(const std::string& given) {
  std::string value = given;
  std::transform(value.begin(), value.end(), value.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  JsonNode node;
  if (value == "yes" || value == "true" || value == "on") {
    node.kind = JsonKind::kTrue;
  } else if (value == "no" || value == "false" || value == "off") {
    node.kind = JsonKind::kFalse;
  } else {
    throw ScalarError("'" + value.substr(0, 40) + "' is neither true nor false");
  }
  return node;
}

}  // namespace

std::string_view implicit_tag(const std::string& value) {
  static const std::regex bools(kBool);
  static const std::regex floats(kFloat);
  static const std::regex ints(kInt);
  static const std::regex moments(kMoment);
  if (is_null_word(value)) {
    return "null";
  }
  constexpr std::string_view kFirst = "yYnNtTfFoO-+0123456789.<=";
  if (kFirst.find(value[0]) == std::string_view::npos) {
    return "str";
  }
  if (value == "<<" || value == "=") {
    return value == "=" ? "value" : "merge";
  }
  if (matches(value, bools)) {
    return "bool";
  }
  if (matches(value, floats)) {
    return "float";
  }
  if (matches(value, ints)) {
    return "int";
  }
  return matches(value, moments) ? "timestamp" : "str";
}

JsonNode scalar_node(std::string_view tag, const std::string& value) {
  JsonNode node;
  if (tag == "null") {
    return node;
  }
  if (tag == "bool") {
    return bool_node(value);
  }
  if (tag == "int") {
    return int_node(value);
  }
  if (tag == "float") {
    return float_node(value);
  }
  if (tag == "timestamp") {
    return moment_node(value);
  }
  if (tag != "str") {
    throw ScalarError("could not determine a constructor for the tag 'tag:yaml.org,2002:" +
                      std::string(tag) + "'");
  }
  node.kind = JsonKind::kString;
  node.text = value;
  return node;
}

}  // namespace tensor_service
