// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "door/door_rules.h"

#include <algorithm>
#include <array>
#include <functional>
#include <string_view>
#include <utility>

#include "json/python_text.h"

namespace tensor_service {
namespace {

constexpr std::size_t kShown = 80;    // of a host, in its error
constexpr std::size_t kAll = 10'000;  // of any other value
constexpr std::size_t kDigest = 64;

using Take = std::function<void(const JsonNode& value, const std::string& path)>;
using Keys = std::vector<std::pair<std::string_view, Take>>;

std::string joined(const std::vector<std::string_view>& words, std::string_view between) {
  std::string out;
  for (const std::string_view word : words) {
    out.append(out.empty() ? "" : between).append(word);
  }
  return out;
}

// In the file's order, so that its first error is told. Null means left out.
void read_section(const JsonNode& section, const std::string& path, const Keys& keys) {
  if (!section.is_object()) {
    throw DoorError(path, "must hold keys and values");
  }
  for (const JsonNode& member : section.items) {
    const auto known = std::find_if(keys.begin(), keys.end(),
                                    [&](const auto& key) { return key.first == member.key; });
    const std::string where = path + "." + member.key;
    if (known == keys.end()) {
      std::vector<std::string_view> names;
      for (const auto& [name, take] : keys) {
        names.push_back(name);
      }
      throw DoorError(where, "unknown key; known are " + joined(names, ", "));
    }
    if (!member.is_null()) {
      known->second(member, where);
    }
  }
}

std::string text_of(const JsonNode& value, const std::string& path) {
  if (!value.is_string()) {
    throw DoorError(path, "must be text, got " + python_repr(value, kAll) + "; put it in quotes");
  }
  return value.text;
}

Take into(std::string& text) {
  return [&text](const JsonNode& value, const std::string& path) { text = text_of(value, path); };
}

Take into(std::optional<std::string>& text) {
  return [&text](const JsonNode& value, const std::string& path) { text = text_of(value, path); };
}

Take into(std::optional<std::int64_t>& count) {
  return [&count](const JsonNode& value, const std::string& path) {
    if (!value.is_whole() || value.whole() < 1) {
      throw DoorError(path, "must be a whole number >= 1, got " + python_repr(value, kAll));
    }
    count = value.whole();
  };
}

Take into(bool& flag) {
  return [&flag](const JsonNode& value, const std::string& path) {
    if (!value.is_bool()) {
      throw DoorError(path, "must be true or false, got " + python_repr(value, kAll));
    }
    flag = value.kind == JsonKind::kTrue;
  };
}

Take into(std::vector<std::string>& texts) {
  return [&texts](const JsonNode& value, const std::string& path) {
    const auto is_text = [](const JsonNode& item) { return item.is_string(); };
    if (!value.is_array() || !std::all_of(value.items.begin(), value.items.end(), is_text)) {
      throw DoorError(path, "must be a list of texts, got " + python_repr(value, kAll));
    }
    texts.clear();
    for (const JsonNode& item : value.items) {
      texts.push_back(item.text);
    }
  };
}

bool is_hexadecimal(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

void read_digest(const JsonNode& value, const std::string& path, std::string& digest) {
  digest = text_of(value, path);
  std::transform(digest.begin(), digest.end(), digest.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (digest.size() != kDigest || !std::all_of(digest.begin(), digest.end(), is_hexadecimal)) {
    throw DoorError(path,
                    "must be the SHA-256 of the key in hexadecimal; printf %s KEY | sha256sum "
                    "prints it");
  }
}

ApiKeyRule read_api_key(const JsonNode& section, const std::string& path) {
  ApiKeyRule rule;
  const Take digest = [&](const JsonNode& value, const std::string& where) {
    read_digest(value, where, rule.sha256);
  };
  read_section(section, path,
               {{"name", into(rule.name)},
                {"sha256", digest},
                {"requests_per_minute", into(rule.requests_per_minute)},
                {"max_in_flight", into(rule.max_in_flight)},
                {"documents_per_day", into(rule.documents_per_day)},
                {"key_file", into(rule.key_file)},
                {"key_env", into(rule.key_env)}});
  return rule;
}

// The keys that say what the API key is.
std::vector<std::string_view> sources_of(const ApiKeyRule& rule) {
  std::vector<std::string_view> sources;
  if (!rule.sha256.empty()) {
    sources.emplace_back("sha256");
  }
  if (!rule.key_file.value_or("").empty()) {
    sources.emplace_back("key_file");
  }
  if (!rule.key_env.value_or("").empty()) {
    sources.emplace_back("key_env");
  }
  return sources;
}

// "*", or labels with points between them, perhaps behind "*." and before a point.
bool is_host(std::string_view host) {
  if (host == "*") {
    return true;
  }
  if (host.starts_with("*.")) {
    host.remove_prefix(2);
  }
  if (host.ends_with('.')) {
    host.remove_suffix(1);
  }
  bool in_label = false;
  for (const char c : host) {
    const bool of_label = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (!of_label && (c != '.' || !in_label)) {
      return false;
    }
    in_label = of_label;
  }
  return in_label;
}

}  // namespace

std::vector<ApiKeyRule> read_api_keys(const JsonNode& list, const std::string& path) {
  if (!list.is_array()) {
    throw DoorError(path, "must be a list");
  }
  std::vector<ApiKeyRule> keys;
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    keys.push_back(read_api_key(list.items[i], path + "[" + std::to_string(i) + "]"));
  }
  return keys;
}

HttpRules read_http_rules(const JsonNode* section) {
  HttpRules rules;
  if (section == nullptr || section->is_null()) {
    return rules;
  }
  const Take keys = [&](const JsonNode& value, const std::string& path) {
    rules.api_keys = read_api_keys(value, path);
  };
  read_section(*section, "http",
               {{"api_keys", keys},
                {"cors_origins", into(rules.cors_origins)},
                {"allowed_hosts", into(rules.allowed_hosts)},
                {"tls_certificate", into(rules.tls.certificate)},
                {"tls_key", into(rules.tls.key)},
                {"tls_client_ca", into(rules.tls.client_ca)}});
  return rules;
}

RpcRules read_rpc_rules(const JsonNode* section) {
  RpcRules rules;
  if (section != nullptr && !section->is_null()) {
    read_section(*section, "rpc",
                 {{"ask_for_key", into(rules.ask_for_key)},
                  {"tls_certificate", into(rules.tls.certificate)},
                  {"tls_key", into(rules.tls.key)},
                  {"tls_client_ca", into(rules.tls.client_ca)}});
  }
  return rules;
}

void check_api_keys(const std::vector<ApiKeyRule>& keys, const std::string& path) {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::string where = path + "[" + std::to_string(i) + "]";
    const std::string& name = keys[i].name;
    if (name.empty()) {
      throw DoorError(where + ".name", "missing");
    }
    const std::vector<std::string_view> sources = sources_of(keys[i]);
    if (sources.size() != 1) {
      const std::string found =
          sources.empty() ? "missing" : joined(sources, " and ") + " are given";
      throw DoorError(where + ".sha256", found + "; give one of sha256, key_file, key_env");
    }
    const auto same = [&](const ApiKeyRule& other) { return other.name == name; };
    if (std::count_if(keys.begin(), keys.end(), same) > 1) {
      throw DoorError(where + ".name", name + " stands twice");
    }
  }
}

void check_http_rules(const HttpRules& rules) {
  check_api_keys(rules.api_keys, "http.api_keys");
  for (std::size_t i = 0; i < rules.allowed_hosts.size(); ++i) {
    if (!is_host(rules.allowed_hosts[i])) {
      throw DoorError("http.allowed_hosts[" + std::to_string(i) + "]",
                      "must be a name without scheme, port and path, such as rank.example.com or "
                      "*.example.com, got " +
                          python_repr(rules.allowed_hosts[i], kShown));
    }
  }
  check_tls_rule(rules.tls, "http");
}

void check_tls_rule(const TlsRule& rule, const std::string& section) {
  if (rule.certificate.has_value() != rule.key.has_value()) {
    throw DoorError(section + (rule.key ? ".tls_certificate" : ".tls_key"),
                    "missing; certificate and key go together");
  }
  if (rule.client_ca && !rule.certificate) {
    throw DoorError(section + ".tls_certificate",
                    "missing; tls_client_ca needs a certificate and a key of the service");
  }
}

}  // namespace tensor_service
