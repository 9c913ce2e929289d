// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Names and ports in what a browser sends, read as Python's urlsplit reads them.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tensor_service {

struct HostPort {
  std::string scheme;  // in small letters, or empty
  std::string host;    // in small letters, without brackets; empty without one
  std::optional<int> port;

  bool operator==(const HostPort&) const = default;
};

// Of a text in Latin-1, which the Pipeline takes header fields for.
std::string in_small_letters(std::string_view text);

// Of "host:port"; nothing when the brackets or the port make no sense.
std::optional<HostPort> host_port_of(std::string_view authority);
// Of "https://host:port/path".
std::optional<HostPort> host_port_of_url(std::string_view url);

// Of the field Host, without port and a point at its end; empty without one.
std::string name_of_host(std::string_view host);

// Whether it is an IP address, perhaps with a zone.
bool is_address(std::string_view name);
// Whether no stranger can let this name point here.
bool is_private(std::string_view name);

}  // namespace tensor_service
