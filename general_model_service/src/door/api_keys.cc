// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "door/api_keys.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <new>

#include "door/key_file.h"
#include "json/python_text.h"
#include "ranking/ranking_error.h"
#include "settings/config_error.h"

namespace tensor_service {
namespace {

constexpr std::string_view kBearer = "bearer";
constexpr const char* kRemedy = "missing or unknown; send Authorization: Bearer with your key";
constexpr const char* kField = "api key";

std::string sha256(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    throw std::bad_alloc();
  }
  return {reinterpret_cast<const char*>(digest.data()), size};
}

unsigned value_of(char digit) {
  return static_cast<unsigned>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

std::string bytes_of(std::string_view hexadecimal) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hexadecimal.size(); i += 2) {
    bytes += static_cast<char>(value_of(hexadecimal[i]) << 4U | value_of(hexadecimal[i + 1]));
  }
  return bytes;
}

bool is_bearer(std::string_view scheme) {
  return std::equal(scheme.begin(), scheme.end(), kBearer.begin(), kBearer.end(),
                    [](char c, char low) { return (c | 0x20) == low; });
}

// str.strip() of bytes that Python takes for Latin-1.
std::string_view stripped_latin1(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\n\v\f\r\x1C\x1D\x1E\x1F\x85\xA0";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

RankingError unauthorized() { return {Fault::kUnauthorized, kRemedy, kField}; }

}  // namespace

std::string_view presented_key(const DoorFields& fields) {
  if (fields.authorization) {
    const std::string_view all = *fields.authorization;
    const std::size_t blank = all.find(' ');
    if (is_bearer(all.substr(0, blank))) {
      return blank == std::string_view::npos ? "" : stripped_latin1(all.substr(blank + 1));
    }
  }
  return fields.api_key ? std::string_view(*fields.api_key) : std::string_view();
}

ApiKeys::ApiKeys(std::filesystem::path folder, std::string path, WrongKeys::Log log,
                 DoorClocks clocks)
    : folder_(std::move(folder)),
      path_(std::move(path)),
      clocks_(clocks),
      wrong_(std::move(log), std::move(clocks.steady)),
      keys_(std::make_shared<const Keys>()) {}

std::shared_ptr<const ApiKeys::Keys> ApiKeys::keys() const {
  const std::lock_guard lock(mutex_);
  return keys_;
}

bool ApiKeys::asked() const { return !keys()->empty(); }

void ApiKeys::change(const std::vector<ApiKeyRule>& rules) {
  std::map<std::string, std::shared_ptr<Account>> before;
  for (const Key& key : *keys()) {
    before.emplace(key.name, key.account);
  }
  Keys now;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    Digest digest = digest_of(rules[i], path_ + "[" + std::to_string(i) + "]");
    now.push_back({std::move(digest), rules[i].name, nullptr});
  }
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (const auto kept = before.find(rules[i].name); kept != before.end()) {
      now[i].account = kept->second;
      now[i].account->change(rules[i]);
    } else {
      now[i].account = std::make_shared<Account>(rules[i], clocks_);
    }
  }
  auto changed = std::make_shared<const Keys>(std::move(now));
  const std::lock_guard lock(mutex_);
  keys_ = std::move(changed);
}

// Compares with all keys, each in the same time, so that the time tells nothing.
std::shared_ptr<Account> ApiKeys::find(const DoorFields* fields, std::string_view address) {
  const auto all = keys();
  if (all->empty()) {
    return nullptr;
  }
  const std::string_view presented = fields != nullptr ? presented_key(*fields) : "";
  if (presented.empty()) {
    throw unauthorized();  // nobody guesses by that
  }
  const Digest digest = sha256(presented);
  const Key* found = nullptr;
  for (const Key& key : *all) {
    if (CRYPTO_memcmp(key.digest.data(), digest.data(), digest.size()) == 0) {
      found = &key;
    }
  }
  if (found != nullptr && wrong_.right(address, found->name)) {
    return found->account;
  }
  const double wait_s = found != nullptr ? wrong_.wait_s(address) : wrong_.wrong(address);
  if (wait_s > 0.0) {
    RankingError error(Fault::kOverLimit,
                       "too many wrong API keys came from this address; try again later");
    error.retry_after_s = wait_s;
    throw error;
  }
  throw unauthorized();
}

ApiKeys::Digest ApiKeys::digest_of(const ApiKeyRule& rule, const std::string& where) const {
  if (!rule.sha256.empty()) {
    return bytes_of(rule.sha256);
  }
  if (rule.key_env) {
    const char* const value = std::getenv(rule.key_env->c_str());
    const std::string_view key = stripped(value != nullptr ? value : "");
    if (key.empty()) {
      throw ConfigError(where + ".key_env", *rule.key_env + " is not set; set it");
    }
    return sha256(key);
  }
  return sha256(key_of_file(folder_ / rule.key_file.value_or(""), where + ".key_file"));
}

}  // namespace tensor_service
