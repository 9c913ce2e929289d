// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Slows down who tries API keys, by address, and says so in the log: one line for each address and
// minute, without the key. As pipeline/door/wrong_keys.py.
//
// A caller whose key was right before goes on meanwhile, so that one who shares its address, such
// as behind a proxy, does not lock it out. A right key that comes first while its address is slowed
// down is refused like a wrong one: nobody learns that it was right. Of IPv6 the first 64 bits
// count as the address.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "door/seconds_clock.h"
#include "text/text_hash.h"

namespace tensor_service {

// Any thread.
class WrongKeys {
 public:
  using Log = std::function<void(const std::string& line)>;

  // log: once a minute for each address.
  WrongKeys(Log log, SecondsClock now) : log_(std::move(log)), now_(std::move(now)) {}

  // A key of that owner came; whether it may be used now.
  bool right(std::string_view address, const std::string& owner);
  // A wrong key came; seconds until another may be tried, 0: at once.
  double wrong(std::string_view address);
  // Seconds until a key may be tried from there.
  double wait_s(std::string_view address);
  // Wrong keys since the start.
  std::int64_t count() const { return count_; }

 private:
  struct Address {
    std::string network;
    std::set<std::string> known;  // owners whose key was right from there
    double left;                  // wrong keys that may come
    double filled_at;
    double told_at;
    long untold = 0;
  };
  using Addresses = std::list<Address>;  // seen last first

  // with the lock held
  Address* find(std::string_view network);
  Address& of(std::string_view network);
  double wait_s(Address& seen) const;
  void tell(Address& seen) const;

  const Log log_;
  const SecondsClock now_;
  std::atomic<std::int64_t> count_{0};
  std::mutex mutex_;
  Addresses addresses_;
  std::unordered_map<std::string_view, Addresses::iterator, TextHash> index_;  // of their networks
};

// What counts as one address: itself, or of IPv6 its first 64 bits.
std::string network_of(std::string_view address);

}  // namespace tensor_service
