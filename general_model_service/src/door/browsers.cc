// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "door/browsers.h"

#include <algorithm>
#include <array>
#include <utility>

#include "door/host_names.h"
#include "json/python_text.h"
#include "json/utf8.h"

namespace tensor_service {
namespace {

constexpr std::size_t kShown = 80;

// What browsers of operators ask for by any name; nothing is told there that could be of use.
constexpr std::array<std::string_view, 4> kOpen = {"/health", "/ready", "/v2/health/live",
                                                   "/v2/health/ready"};

std::string_view given(const std::optional<std::string>& field) {
  return field ? std::string_view(*field) : std::string_view();
}

// A field's bytes are Latin-1 to the Pipeline.
std::string shown(std::string_view latin1) {
  std::string text;
  for (const char byte : latin1) {
    append_character(text, static_cast<unsigned char>(byte));
  }
  return python_repr(text, kShown);
}

// Node's fetch sends Sec-Fetch-Mode too, so that tells nothing.
bool from_browser(const DoorFields& sent) {
  return sent.origin || sent.site || sent.referer ||
         given(sent.agent).find("Mozilla/") != std::string_view::npos;
}

std::optional<int> port_of(const HostPort& page) {
  if (page.port && *page.port != 0) {
    return page.port;
  }
  if (page.scheme == "http" || page.scheme == "https") {
    return page.scheme == "http" ? 80 : 443;
  }
  return std::nullopt;
}

bool is_page_of(std::string_view page, std::string_view host) {
  const auto origin = host_port_of_url(page);
  const auto asked = host_port_of(host);
  // a proxy may leave the port out
  return origin && asked && !asked->host.empty() && origin->host == asked->host &&
         (!asked->port || asked->port == port_of(*origin));
}

// What stands before the separator, without blanks around it.
std::string_view first_part(std::string_view text, char separator) {
  text = text.substr(0, text.find(separator));
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Whether the page is this service's own, behind a proxy that renames it too. Browsers say so by
// Sec-Fetch-Site, but not to http:// and a name. Then the page's host has to be the one asked for,
// which a proxy puts into X-Forwarded-Host: another page could set that only with the leave of
// CORS.
bool same_origin(const DoorFields& sent) {
  if (sent.site) {
    return *sent.site == "same-origin" || *sent.site == "none";
  }
  const std::string_view page =
      given(sent.origin).empty() ? given(sent.referer) : given(sent.origin);
  if (page.empty() && !sent.referer) {
    return true;
  }
  const std::string_view own[] = {given(sent.host), first_part(given(sent.forwarded_host), ',')};
  return std::any_of(std::begin(own), std::end(own), [page](std::string_view host) {
    return !host.empty() && is_page_of(page, host);
  });
}

// A body of JSON that a page sends is named so; text/plain needs no leave of CORS.
std::optional<RankingError> type_refusal(std::string_view method, const DoorFields& sent) {
  if (method != "POST" || (!sent.origin && !sent.site)) {
    return std::nullopt;
  }
  const std::string kind = in_small_letters(first_part(given(sent.content_type), ';'));
  if (kind == "application/json" || kind == "application/octet-stream" ||
      (kind.starts_with("application/") && kind.ends_with("+json"))) {
    return std::nullopt;
  }
  return RankingError(
      Fault::kUnsupportedMedia,
      "a page has to send application/json, got " + shown(kind.empty() ? "none" : kind),
      "content-type");
}

bool is_any(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

Browsers::Browsers(const std::vector<std::string>& origins, const std::vector<std::string>& hosts)
    : all_origins_(is_any(origins, "*")) {
  for (const std::string& origin : origins) {
    std::string small = in_small_letters(origin);
    small.erase(small.find_last_not_of('/') + 1);
    origins_.push_back(std::move(small));
  }
  for (const std::string& host : hosts) {
    std::string small = in_small_letters(host);
    small.erase(small.find_last_not_of('.') + 1);
    hosts_.push_back(std::move(small));
  }
}

bool Browsers::is_named(std::string_view name) const {
  return is_address(name) || name == "localhost" ||
         std::any_of(hosts_.begin(), hosts_.end(), [name](const std::string& host) {
           return host == "*" || host == name ||
                  (host.starts_with("*.") && name.ends_with(std::string_view(host).substr(1)));
         });
}

std::optional<RankingError> Browsers::refusal(const RequestHead& head, bool with_keys) const {
  const bool guarded = !with_keys && !all_origins_;
  if (head.door == nullptr || (!guarded && hosts_.empty())) {
    return std::nullopt;
  }
  const DoorFields& sent = *head.door;
  const std::string name = name_of_host(given(sent.host));
  if (!hosts_.empty() && !name.empty() && !is_named(name)) {
    return RankingError(Fault::kForbidden,
                        shown(name) + " is no name of this service; http.allowed_hosts lists them",
                        "host");
  }
  if (!guarded || !from_browser(sent)) {
    return std::nullopt;
  }
  if (is_any(origins_, in_small_letters(given(sent.origin)))) {
    return type_refusal(head.method, sent);
  }
  if (hosts_.empty() && !is_private(name) &&
      std::find(kOpen.begin(), kOpen.end(), head.path) == kOpen.end()) {
    return RankingError(Fault::kForbidden,
                        "a browser may ask this service by the name " + shown(name) +
                            " only when http.allowed_hosts lists it, or with http.api_keys",
                        "host");
  }
  if (head.method == "POST" && !same_origin(sent)) {
    return RankingError(
        Fault::kForbidden,
        "a page of another origin may call only when http.cors_origins lists its origin", "origin");
  }
  return type_refusal(head.method, sent);
}

}  // namespace tensor_service
