// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// What the owner of one API key has used, and may use. Rates are token buckets; documents are
// counted from midnight to midnight, UTC; both begin anew with the process.

#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "door/door_rules.h"
#include "door/seconds_clock.h"

namespace tensor_service {

// Any thread.
class Account {
 public:
  Account(ApiKeyRule rule, DoorClocks clocks);

  // Another rule for the same name; what was used stays counted.
  void change(ApiKeyRule rule);

  // Counts one request. Throws RankingError: the key has sent its share.
  void take_request();
  // Counts the documents of one request. Throws RankingError: they fit into no day, or not into
  // what is left of this one.
  void take_documents(std::size_t count);
  // Counts one request into work, until give_back. Throws RankingError: there are as many as may
  // be.
  void take_place();
  void give_back();

 private:
  const DoorClocks clocks_;
  std::mutex mutex_;
  ApiKeyRule rule_;
  double tokens_;  // requests that may come at once
  double filled_at_;
  std::int64_t day_ = -1;
  std::int64_t documents_ = 0;
  std::int64_t in_work_ = 0;
};

// One request of an account in work, as long as this lives.
class AccountPlace {
 public:
  // null: of nobody. Throws RankingError: there are as many as may be.
  explicit AccountPlace(std::shared_ptr<Account> account) : account_(std::move(account)) {
    if (account_) {
      account_->take_place();
    }
  }
  ~AccountPlace() {
    if (account_) {
      account_->give_back();
    }
  }
  AccountPlace(const AccountPlace&) = delete;
  AccountPlace& operator=(const AccountPlace&) = delete;

 private:
  const std::shared_ptr<Account> account_;
};

}  // namespace tensor_service
