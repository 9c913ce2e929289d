// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "door/host_names.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace tensor_service {
namespace {

// Names below these are nobody's to buy: reserved, or never delegated.
constexpr std::array<std::string_view, 9> kPrivate = {
    "localhost", "local", "localdomain", "internal", "intranet", "lan", "svc", "test", "home.arpa"};

constexpr int kLastPort = 65535;

// Of Latin-1: there the capitals with accents stand as far from the small ones as in ASCII.
char small(char c) {
  const auto byte = static_cast<unsigned char>(c);
  const bool is_accented = byte >= 0xC0 && byte <= 0xDE && byte != 0xD7;
  return (c >= 'A' && c <= 'Z') || is_accented ? static_cast<char>(byte + ('a' - 'A')) : c;
}

bool is_ip(int family, std::string_view text) {
  std::array<unsigned char, 16> bytes{};
  return ::inet_pton(family, std::string(text).c_str(), bytes.data()) == 1;
}

// "v1.anything", as RFC 3986 keeps it for later kinds of addresses.
bool is_future_address(std::string_view text) {
  const std::size_t point = text.find('.');
  if (!text.starts_with('v') || point == std::string_view::npos || point < 2 ||
      point + 1 == text.size()) {
    return false;
  }
  const std::string_view digits = text.substr(1, point - 1);
  return digits.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

bool brackets_make_sense(std::string_view authority) {
  const std::size_t open = authority.find('[');
  const bool closes = authority.find(']') != std::string_view::npos;
  if ((open != std::string_view::npos) != closes) {
    return false;
  }
  if (!closes) {
    return true;
  }
  std::string_view inside = authority.substr(open + 1);
  inside = inside.substr(0, inside.find(']'));
  return is_future_address(inside) || is_ip(AF_INET6, inside.substr(0, inside.find('%')));
}

// Throws nothing; false for one that is none.
bool read_port(std::string_view text, std::optional<int>& port) {
  if (text.empty()) {
    return true;
  }
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool plain = text.find_first_not_of("0123456789") == std::string_view::npos;
  if (!plain || error != std::errc() || value > kLastPort) {
    return false;
  }
  port = value;
  return true;
}

struct Split {
  std::string_view host;
  std::string_view port;
};

// Of what stands behind the user's name.
Split split(std::string_view info) {
  const std::size_t open = info.find('[');
  std::string_view host = open == std::string_view::npos ? info : info.substr(open + 1);
  std::string_view rest = host;
  if (open != std::string_view::npos) {
    host = host.substr(0, host.find(']'));
    rest.remove_prefix(std::min(host.size() + 1, rest.size()));
  }
  const std::size_t colon = rest.find(':');
  const std::string_view port = colon == std::string_view::npos ? "" : rest.substr(colon + 1);
  return {open == std::string_view::npos ? host.substr(0, colon) : host, port};
}

std::string_view before_path(std::string_view text) {
  return text.substr(0, text.find_first_of("/?#"));
}

std::string_view behind_user(std::string_view authority) {
  const std::size_t at = authority.rfind('@');
  return at == std::string_view::npos ? authority : authority.substr(at + 1);
}

}  // namespace

std::string in_small_letters(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), small);
  return out;
}

std::optional<HostPort> host_port_of(std::string_view authority) {
  authority = before_path(authority);
  if (!brackets_make_sense(authority)) {
    return std::nullopt;
  }
  const Split parts = split(behind_user(authority));
  HostPort found;
  found.host = in_small_letters(parts.host);
  return read_port(parts.port, found.port) ? std::optional(found) : std::nullopt;
}

std::optional<HostPort> host_port_of_url(std::string_view url) {
  const std::size_t sign = url.find("://");
  if (sign == std::string_view::npos || sign == 0) {
    return HostPort();
  }
  auto found = host_port_of(url.substr(sign + 3));
  if (found) {
    found->scheme = in_small_letters(url.substr(0, sign));
  }
  return found;
}

std::string name_of_host(std::string_view host) {
  const std::string_view authority = before_path(host);
  if (!brackets_make_sense(authority)) {
    return in_small_letters(host);
  }
  std::string name = in_small_letters(split(behind_user(authority)).host);
  name.erase(std::find_if(name.rbegin(), name.rend(), [](char c) { return c != '.'; }).base(),
             name.end());
  return name;
}

bool is_address(std::string_view name) {
  const std::string_view plain = name.substr(0, name.find('%'));
  return is_ip(AF_INET, plain) || is_ip(AF_INET6, plain);
}

bool is_private(std::string_view name) {
  const std::size_t last = name.rfind('.');
  if (last == std::string_view::npos || is_address(name)) {
    return true;  // also no name at all, as HTTP/1.0 allows
  }
  const std::size_t second = last == 0 ? std::string_view::npos : name.rfind('.', last - 1);
  const std::string_view two = second == std::string_view::npos ? name : name.substr(second + 1);
  const auto is_one = [](std::string_view end) {
    return std::find(kPrivate.begin(), kPrivate.end(), end) != kPrivate.end();
  };
  return is_one(name.substr(last + 1)) || is_one(two);
}

}  // namespace tensor_service
