// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "door/account.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "ranking/ranking_error.h"

namespace tensor_service {
namespace {

constexpr double kDay = 86'400.0;

RankingError over_limit(std::string message, double retry_after_s = 1.0) {
  RankingError error(Fault::kOverLimit, std::move(message));
  error.retry_after_s = retry_after_s;
  return error;
}

}  // namespace

Account::Account(ApiKeyRule rule, DoorClocks clocks)
    : clocks_(std::move(clocks)),
      rule_(std::move(rule)),
      tokens_(static_cast<double>(rule_.requests_per_minute.value_or(0))),
      filled_at_(clocks_.steady()) {}

void Account::change(ApiKeyRule rule) {
  const std::lock_guard lock(mutex_);
  rule_ = std::move(rule);
}

void Account::take_request() {
  const std::lock_guard lock(mutex_);
  if (!rule_.requests_per_minute) {
    return;
  }
  const auto rate = static_cast<double>(*rule_.requests_per_minute);
  const double now = clocks_.steady();
  tokens_ = std::min(rate, tokens_ + (now - filled_at_) * rate / 60.0);
  filled_at_ = now;
  if (tokens_ < 1.0) {
    throw over_limit("the key " + rule_.name + " may send " +
                         std::to_string(*rule_.requests_per_minute) + " requests a minute",
                     (1.0 - tokens_) * 60.0 / rate);
  }
  tokens_ -= 1.0;
}

void Account::take_documents(std::size_t count) {
  const std::lock_guard lock(mutex_);
  if (!rule_.documents_per_day) {
    return;
  }
  const std::int64_t most = *rule_.documents_per_day;
  const auto asked = static_cast<std::int64_t>(count);
  const std::string may = "the key " + rule_.name + " may have " + std::to_string(most);
  if (asked > most) {
    throw RankingError(Fault::kTooLarge,
                       std::to_string(asked) + " documents, and " + may +
                           " ranked a day (documents_per_day); send fewer at once",
                       "documents");
  }
  const double now = clocks_.wall();
  const auto day = static_cast<std::int64_t>(std::floor(now / kDay));
  if (day != day_) {
    day_ = day;
    documents_ = 0;
  }
  if (asked > most - documents_) {
    throw over_limit(may + " documents ranked a day, and " + std::to_string(most - documents_) +
                         " are left of today",
                     static_cast<double>(day + 1) * kDay - now);
  }
  documents_ += asked;
}

void Account::take_place() {
  const std::lock_guard lock(mutex_);
  if (rule_.max_in_flight && in_work_ >= *rule_.max_in_flight) {
    throw over_limit("the key " + rule_.name + " has " + std::to_string(*rule_.max_in_flight) +
                     " requests in work already");
  }
  ++in_work_;
}

void Account::give_back() {
  const std::lock_guard lock(mutex_);
  --in_work_;
}

}  // namespace tensor_service
