// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "door/admission.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace tensor_service {
namespace {

// As many of a request's own size may always be before it: at 80 % of the capacity chance alone
// brings about so many.
constexpr std::size_t kAlways = 8;
// What a request costs besides its bytes, in bytes.
constexpr double kFixed = 512.0;
// The weight of what was seen halves with every 34 requests.
constexpr double kKeep = 0.98;
// Below so many requests nothing is known.
constexpr double kLeastSeen = 8.0;

std::string printed(const char* format, double value) {
  std::array<char, 64> text{};
  const int length = std::snprintf(text.data(), text.size(), format, value);
  return {text.data(), static_cast<std::size_t>(length)};
}

}  // namespace

Ticket::Ticket(Admission& admission, std::shared_ptr<Account> account, double cost)
    : admission_(admission), place_(std::move(account)), cost_(cost) {}

Ticket::~Ticket() {
  if (counted_) {
    admission_.leave(*this);
  }
}

void Admission::look(std::size_t size) const {
  const std::lock_guard lock(mutex_);
  if (const auto refused = refusal(static_cast<double>(size) + kFixed)) {
    throw RankingError(*refused);
  }
}

std::shared_ptr<Ticket> Admission::enter(std::size_t size, std::shared_ptr<Account> account) {
  const double cost = static_cast<double>(size) + kFixed;
  auto ticket = std::make_shared<Ticket>(*this, std::move(account), cost);
  const std::lock_guard lock(mutex_);
  if (const auto refused = refusal(cost)) {
    throw RankingError(*refused);
  }
  const bool was_idle = tickets_.empty();
  tickets_.insert(ticket.get());
  ticket->counted_ = true;
  const double now = now_();
  if (was_idle) {
    busy_since_ = now;
  }
  if (!full_since_ && is_full()) {
    full_since_ = now;
  }
  return ticket;
}

std::size_t Admission::in_flight() const {
  const std::lock_guard lock(mutex_);
  return tickets_.size();
}

double Admission::full_s() const {
  const std::lock_guard lock(mutex_);
  return full_since_ ? now_() - *full_since_ : 0.0;
}

bool Admission::is_full() const {
  const auto most = static_cast<double>(limits_.max_in_flight);
  return static_cast<double>(tickets_.size()) >= limits_.full_share * most;
}

void Admission::leave(const Ticket& ticket) {
  const std::lock_guard lock(mutex_);
  tickets_.erase(&ticket);
  if (!is_full()) {
    full_since_.reset();
  }
  const double now = now_();
  const double busy = now - busy_since_;
  busy_since_ = now;
  // a request that was not served tells how long it was waited for, not how fast it goes
  busy_s_ += ticket.served() ? busy : std::min(busy, limits_.max_delay_ms / 1000.0);
  if (ticket.served()) {
    seen_ = seen_ * kKeep + 1.0;
    costs_ = costs_ * kKeep + ticket.cost();
    busy_s_ *= kKeep;
  }
}

std::optional<RankingError> Admission::refusal(double cost) const {
  const std::size_t in_work = tickets_.size();
  if (in_work >= limits_.max_in_flight) {
    return RankingError(Fault::kOverloaded,
                        std::to_string(in_work) + " requests are in work; try again later");
  }
  if (limits_.max_delay_ms == 0.0 || seen_ < kLeastSeen || in_work < kAlways) {
    return std::nullopt;
  }
  double before = 0.0;
  for (const Ticket* other : tickets_) {
    before += std::min(other->cost(), cost);
  }
  const double rate = costs_ / std::max(busy_s_, 1e-9);
  if (before <
      std::max(static_cast<double>(kAlways) * cost, limits_.max_delay_ms / 1000.0 * rate)) {
    return std::nullopt;
  }
  return RankingError(Fault::kOverloaded, printed("%.0f", before / rate * 1000.0) +
                                              " ms of work wait already, and at most " +
                                              printed("%g", limits_.max_delay_ms) +
                                              " may; try again later");
}

}  // namespace tensor_service
