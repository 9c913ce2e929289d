// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Lets requests in, but for those that would wait too long, as pipeline/door/admission.py does: how
// long that is, is told by the size of a body before it is read, and by how fast requests leave
// while any is in work. Small requests pass large ones, so one waits for no more of another than
// its own size. (docs/decisions/overload.md)

#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_set>

#include "door/account.h"
#include "door/seconds_clock.h"
#include "ranking/ranking_error.h"

namespace tensor_service {

class Admission;

struct AdmissionLimits {
  std::size_t max_in_flight = 64;  // requests in work at once
  double max_delay_ms = 0.0;       // that a request may have to wait for others; 0: for ever
  double full_share = 1.0;         // of max_in_flight, from which it counts as full
};

// One request in work; it is counted out when the ticket goes.
class Ticket {
 public:
  // Takes a place of the account. Throws RankingError: it has as many in work as may be.
  Ticket(Admission& admission, std::shared_ptr<Account> account, double cost);
  ~Ticket();
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;

  double cost() const { return cost_; }
  bool served() const { return served_; }
  // It was scored: such requests tell how fast it goes.
  void set_served() { served_ = true; }

 private:
  friend class Admission;

  Admission& admission_;
  const AccountPlace place_;
  const double cost_;
  bool counted_ = false;  // in work
  bool served_ = false;
};

// Any thread.
class Admission {
 public:
  // now is in seconds and never goes back.
  Admission(const AdmissionLimits& limits, SecondsClock now)
      : limits_(limits), now_(std::move(now)) {}

  // Throws RankingError for a request with a body of so many bytes that enter would refuse now.
  void look(std::size_t size) const;
  // Counts one in. Throws RankingError: its account or all together have as many in work as may be,
  // or it would wait too long. All tickets have to go before this does.
  std::shared_ptr<Ticket> enter(std::size_t size, std::shared_ptr<Account> account);

  std::size_t in_flight() const;
  // For how long it has been full without a break; 0 when it is not.
  double full_s() const;

 private:
  friend class Ticket;

  void leave(const Ticket& ticket);
  // with the lock held
  bool is_full() const;
  std::optional<RankingError> refusal(double cost) const;

  const AdmissionLimits limits_;
  const SecondsClock now_;
  mutable std::mutex mutex_;
  std::unordered_set<const Ticket*> tickets_;
  std::optional<double> full_since_;
  double busy_since_ = 0.0;
  // of those that were served, the newest counting most
  double seen_ = 0.0, costs_ = 0.0, busy_s_ = 0.0;
};

}  // namespace tensor_service
