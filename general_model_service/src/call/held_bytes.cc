// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "call/held_bytes.h"

#include <algorithm>
#include <utility>

#include "report/error.h"

namespace tensor_service {
namespace {

// Taken at once, so that a body that comes in pieces seldom asks.
constexpr std::size_t kStep = 16U << 10U;
constexpr std::size_t kSmall = 1U << 20U;
// At least simdjson's padding.
constexpr std::size_t kBehind = 64;

}  // namespace

bool ByteBudget::take(std::size_t bytes, std::size_t limit) {
  const std::size_t before = held_.fetch_add(bytes, std::memory_order_relaxed);
  if (bytes <= limit && before <= limit - bytes) {
    return true;
  }
  give(bytes);
  return false;
}

HeldBytes::HeldBytes(HeldBytes&& other) noexcept
    : budget_(other.budget_), free_(other.free_), taken_(std::exchange(other.taken_, 0)) {}

HeldBytes& HeldBytes::operator=(HeldBytes&& other) noexcept {
  if (this != &other) {
    release();
    budget_ = other.budget_;
    free_ = other.free_;
    taken_ = std::exchange(other.taken_, 0);
  }
  return *this;
}

void HeldBytes::release() {
  if (taken_ != 0) {
    budget_->give(taken_);
    taken_ = 0;
  }
}

void HeldBytes::resize(std::size_t bytes) {
  if (budget_ == nullptr) {
    return;
  }
  const std::size_t wanted = bytes <= free_ ? 0 : (bytes + kStep - 1) / kStep * kStep;
  if (wanted <= taken_) {
    budget_->give(taken_ - wanted);
    taken_ = wanted;
    return;
  }
  if (wanted > budget_->most_of_one()) {
    throw CallError(Status::kTooLarge,
                    "body: reading it takes " + std::to_string(bytes) + " bytes, one request may " +
                        "have " + std::to_string(budget_->most_of_one()) +
                        " (three quarters of --max_bytes_in_flight); send fewer rows at once");
  }
  const std::size_t limit = wanted > kSmall ? budget_->most_of_one() : budget_->most();
  if (!budget_->take(wanted - taken_, limit)) {
    throw CallError(Status::kCrowded, "body: requests hold " + std::to_string(budget_->held()) +
                                          " bytes of " + std::to_string(budget_->most()) +
                                          " (--max_bytes_in_flight); try again in a moment");
  }
  taken_ = wanted;
}

void HeldBytes::append(std::string& text, std::string_view bytes, std::size_t most) {
  const std::size_t size = text.size() + bytes.size();
  if (size + kBehind > text.capacity()) {
    const std::size_t room =
        std::max(size, std::min(most, std::max(kStep, 2 * text.capacity()))) + kBehind;
    resize(room);
    text.reserve(room);
  }
  text.append(bytes);
}

}  // namespace tensor_service
