// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// What all requests together may keep in memory: bodies while they arrive, what they inflate and
// decode to. Protocols and the service hold bytes of one ByteBudget; the server owns it.

#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>

namespace tensor_service {

// Any thread.
class ByteBudget {
 public:
  explicit ByteBudget(std::size_t most) : most_(most) {}

  std::size_t most() const { return most_; }
  // Large requests leave a quarter of it to small ones.
  std::size_t most_of_one() const { return most_ / 4 * 3; }
  std::size_t held() const { return held_.load(std::memory_order_relaxed); }

  // False, and nothing taken, when more than limit would be held then.
  bool take(std::size_t bytes, std::size_t limit);
  void give(std::size_t bytes) { held_.fetch_sub(bytes, std::memory_order_relaxed); }

 private:
  const std::size_t most_;
  std::atomic<std::size_t> held_{0};
};

// One request's share; given back with the object. Without a budget there is no bound.
class HeldBytes {
 public:
  // What a connection has for nothing, so that a small request never asks the budget.
  static constexpr std::size_t kFree = 16U << 10U;

  explicit HeldBytes(ByteBudget* budget = nullptr, std::size_t free = kFree)
      : budget_(budget), free_(free) {}
  HeldBytes(HeldBytes&& other) noexcept;
  HeldBytes& operator=(HeldBytes&& other) noexcept;
  ~HeldBytes() { release(); }

  ByteBudget* budget() const { return budget_; }

  // Holds so many bytes from now on. Throws CallError: kTooLarge for more than one request may
  // ever hold, kCrowded when others hold them now; the share stays as it was.
  void resize(std::size_t bytes);
  void release();

  // Appends to a text that this is the share of; it grows to at most `most` bytes and what the
  // decoder of JSON wants behind them.
  void append(std::string& text, std::string_view bytes, std::size_t most);

 private:
  ByteBudget* budget_;
  std::size_t free_;
  std::size_t taken_ = 0;
};

}  // namespace tensor_service
