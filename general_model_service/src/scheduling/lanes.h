// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The queues of a scheduler, one for each bundle of the service, and whose turn it is. Each bundle
// that has work gets an equal share of the time that the engines compute: a flood of requests for
// one makes nobody wait who asks for another. The rule is start-time fair queueing (Goyal, Vin and
// Cheng, SIGCOMM 1996) with equal weights: a lane's tag grows by the time that its batches take,
// the lane with the lowest tag is next, and one that had no work begins at the tag of the moment,
// so that no claim is saved up. A batch's time is known only when it has ended; until then it
// counts with what the lane's tokens have taken so far. Used by the scheduler, under its lock.

#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "scheduling/job.h"

namespace tensor_service {

struct Lane {
  // Jobs by place; the number keeps those of one place in order of arrival.
  using Queue = std::map<std::pair<std::int64_t, std::uint64_t>, std::shared_ptr<Job>>;

  Queue queue;
  std::int64_t done_tokens = 0;  // the clock that places are measured on
  std::int64_t queued_tokens = 0;
  std::int64_t queued_rows = 0;
  std::int64_t computed_rows = 0;
  Clock::time_point last_empty{};  // when the queue was last seen empty

  double tag = 0.0;           // microseconds of virtual time
  double us_per_token = 0.0;  // of its batches so far; 0: none has ended
};

class Lanes {
 public:
  // The lane of that number, made at its first use.
  Lane& at(std::size_t number);

  void add(Lane& lane, std::int64_t place, std::shared_ptr<Job> job);

  std::size_t jobs() const;
  std::int64_t queued_tokens() const;
  std::int64_t queued_tokens(std::size_t number) const;
  // Whether something waits there, and so many tokens or rows.
  bool is_full(std::size_t number, std::int64_t tokens, std::int64_t rows) const;
  // Lanes with work, that one counted in any case.
  std::int64_t sharing(const Lane& lane) const;

  // Lanes with work, whose turn it is first.
  std::vector<Lane*> by_turn();
  // A batch of so many padded tokens begins; returns the microseconds that it is counted with.
  double charge(Lane& lane, std::int64_t tokens);
  // It has ended.
  void settle(Lane& lane, std::int64_t tokens, double charged, double took_us);

  std::deque<Lane>& all() { return lanes_; }

 private:
  std::deque<Lane> lanes_;  // which stay where they are
  std::uint64_t arrivals_ = 0;
  double now_ = 0.0;  // tag of the lane that was served last
};

}  // namespace tensor_service
