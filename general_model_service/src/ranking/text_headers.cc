// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "ranking/text_headers.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <system_error>

#include "json/python_text.h"
#include "json/utf8.h"
#include "ranking/ranking_error.h"
#include "ranking/values.h"

namespace tensor_service {
namespace {

constexpr double kLongestTimeoutMs = 86'400'000.0;
constexpr std::size_t kShown = 40;

// Python takes a header's bytes for Latin-1.
std::string utf8_of(std::string_view latin1) {
  std::string out;
  for (const char byte : latin1) {
    append_character(out, static_cast<unsigned char>(byte));
  }
  return out;
}

// As float() reads a text; 0 for one that is no number.
double number_of(std::string_view text) {
  const auto is_digit = [&](std::size_t i) {
    return i < text.size() && text[i] >= '0' && text[i] <= '9';
  };
  std::string plain;
  for (std::size_t i = text.starts_with('+') ? 1 : 0; i < text.size(); ++i) {
    const bool between = i > 0 && text[i] == '_' && is_digit(i - 1) && is_digit(i + 1);
    if (!between) {
      plain += text[i];
    }
  }
  double value = 0.0;
  const char* const end = plain.data() + plain.size();
  const auto [stop, error] = std::from_chars(plain.data(), end, value);
  const bool whole = stop == end && !plain.empty() && plain.find('+') != 0;
  return error == std::errc() && whole && !(text.starts_with('+') && plain.starts_with('-')) ? value
                                                                                             : 0.0;
}

Clock::time_point deadline_of(std::string_view text) {
  const double milliseconds = number_of(text);
  if (!(milliseconds > 0.0 && milliseconds <= kLongestTimeoutMs)) {
    refuse_field("x-timeout-ms", "must be milliseconds above 0 and at most 86400000, got " +
                                     python_repr(utf8_of(text), kShown));
  }
  return Clock::now() + std::chrono::duration_cast<Clock::duration>(
                            std::chrono::duration<double, std::milli>(milliseconds));
}

bool dry_run_of(std::string_view text) {
  std::string word = utf8_of(text);
  std::transform(word.begin(), word.end(), word.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (word != "true" && word != "false") {
    refuse_field("x-dry-run", "must be true or false, got " + python_repr(word, kShown));
  }
  return word == "true";
}

}  // namespace

std::string ranker_of(const CallFields& fields) { return utf8_of(fields.ranker.value_or("")); }

Arrival arrival_of(const Call& call) {
  const CallFields& fields = call.fields;
  Arrival arrival;
  if (!call.is_http) {
    arrival.deadline = call.deadline;
    return arrival;
  }
  if (fields.timeout_ms) {
    arrival.deadline = deadline_of(*fields.timeout_ms);
  }
  if (fields.request_id && !fields.request_id->empty()) {
    if (!is_request_id(*fields.request_id)) {
      refuse_field("x-request-id", "must be 1 to 128 printable ASCII characters");
    }
    arrival.request_id = *fields.request_id;
  }
  if (fields.dry_run) {
    arrival.dry_run = dry_run_of(*fields.dry_run);
  }
  return arrival;
}

std::string echoed_id(const CallFields& fields) {
  const std::string id = fields.request_id.value_or("");
  return is_request_id(id) ? id : std::string();
}

std::string new_request_id() {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::array<unsigned char, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw std::system_error(errno, std::generic_category(), "getrandom");
  }
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0FU) | 0x40U);  // version 4
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3FU) | 0x80U);
  std::string id;
  for (const unsigned char byte : bytes) {
    id += kHex[byte >> 4U];
    id += kHex[byte & 0xFU];
  }
  return id;
}

}  // namespace tensor_service
