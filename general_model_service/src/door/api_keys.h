// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Who calls, by API key. Keys are known by their SHA-256 only. As pipeline/door/api_keys.py.

#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "call/head.h"
#include "door/account.h"
#include "door/door_rules.h"
#include "door/seconds_clock.h"
#include "door/wrong_keys.h"

namespace tensor_service {

// Any thread.
class ApiKeys {
 public:
  // Paths of key files are relative to `folder`; `path` is how messages call the list of keys.
  ApiKeys(std::filesystem::path folder, std::string path, WrongKeys::Log log, DoorClocks clocks);

  // Takes over other keys; who keeps its name keeps what it has used. Throws ConfigError for a key
  // that cannot be read: those before go on.
  void change(const std::vector<ApiKeyRule>& rules);

  // Whether a key is asked for.
  bool asked() const;
  // Wrong keys since the start.
  std::int64_t wrong() const { return wrong_.count(); }

  // The caller's account; counts no request. Null: no key is asked for. Throws RankingError: this
  // is none of the keys, or too many wrong ones came from that address.
  std::shared_ptr<Account> find(const DoorFields* fields, std::string_view address);

 private:
  using Digest = std::string;  // of 32 bytes
  struct Key {
    Digest digest;
    std::string name;
    std::shared_ptr<Account> account;
  };
  using Keys = std::vector<Key>;

  std::shared_ptr<const Keys> keys() const;
  Digest digest_of(const ApiKeyRule& rule, const std::string& where) const;

  const std::filesystem::path folder_;
  const std::string path_;
  const DoorClocks clocks_;
  WrongKeys wrong_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Keys> keys_;
};

// The key of "Authorization: Bearer KEY", else that of x-api-key; empty without one.
std::string_view presented_key(const DoorFields& fields);

}  // namespace tensor_service
