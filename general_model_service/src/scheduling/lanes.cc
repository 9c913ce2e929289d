// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "scheduling/lanes.h"

#include <algorithm>

namespace tensor_service {
namespace {

// How much the last batch weighs in what a lane's tokens take.
constexpr double kNewest = 0.2;

}  // namespace

Lane& Lanes::at(std::size_t number) {
  while (lanes_.size() <= number) {
    lanes_.emplace_back();
  }
  return lanes_[number];
}

void Lanes::add(Lane& lane, std::int64_t place, std::shared_ptr<Job> job) {
  if (lane.queue.empty()) {
    lane.tag = std::max(lane.tag, now_);
  }
  const auto added = lane.queue.emplace(std::pair{place, arrivals_++}, std::move(job)).first;
  lane.queued_tokens += added->second->pending_tokens;
  lane.queued_rows += static_cast<std::int64_t>(added->second->pending.size());
}

std::size_t Lanes::jobs() const {
  std::size_t jobs = 0;
  for (const Lane& lane : lanes_) {
    jobs += lane.queue.size();
  }
  return jobs;
}

std::int64_t Lanes::queued_tokens() const {
  std::int64_t tokens = 0;
  for (const Lane& lane : lanes_) {
    tokens += lane.queued_tokens;
  }
  return tokens;
}

bool Lanes::is_full(std::size_t number, std::int64_t tokens, std::int64_t rows) const {
  if (number >= lanes_.size()) {
    return false;
  }
  const Lane& lane = lanes_[number];
  return (lane.queued_tokens > 0 && lane.queued_tokens >= tokens) ||
         (lane.queued_rows > 0 && lane.queued_rows >= rows);
}

std::int64_t Lanes::queued_tokens(std::size_t number) const {
  return number < lanes_.size() ? lanes_[number].queued_tokens : 0;
}

std::int64_t Lanes::sharing(const Lane& lane) const {
  return std::count_if(lanes_.begin(), lanes_.end(),
                       [&](const Lane& other) { return &other == &lane || !other.queue.empty(); });
}

std::vector<Lane*> Lanes::by_turn() {
  std::vector<Lane*> turns;
  for (Lane& lane : lanes_) {
    if (!lane.queue.empty()) {
      turns.push_back(&lane);
    }
  }
  std::stable_sort(turns.begin(), turns.end(),
                   [](const Lane* a, const Lane* b) { return a->tag < b->tag; });
  return turns;
}

double Lanes::charge(Lane& lane, std::int64_t tokens) {
  now_ = std::max(now_, lane.tag);
  const double charged = lane.us_per_token * static_cast<double>(tokens);
  lane.tag += charged;
  return charged;
}

void Lanes::settle(Lane& lane, std::int64_t tokens, double charged, double took_us) {
  lane.tag += took_us - charged;
  const double one = took_us / static_cast<double>(std::max<std::int64_t>(1, tokens));
  lane.us_per_token =
      lane.us_per_token == 0.0 ? one : lane.us_per_token + kNewest * (one - lane.us_per_token);
}

}  // namespace tensor_service
