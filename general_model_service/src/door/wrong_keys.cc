// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "door/wrong_keys.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace tensor_service {
namespace {

// Wrong keys that may come at once, and so many more a minute.
constexpr double kBurst = 30.0;
constexpr double kTellEvery = 60.0;
// Addresses remembered, those seen last.
constexpr std::size_t kMostAddresses = 10'000;

}  // namespace

std::string network_of(std::string_view address) {
  std::array<unsigned char, 16> bytes{};
  const std::string plain(address.substr(0, address.find('%')));  // without fe80::1%eth0's zone
  if (::inet_pton(AF_INET6, plain.c_str(), bytes.data()) != 1) {
    return std::string(address);
  }
  std::fill(bytes.begin() + 8, bytes.end(), static_cast<unsigned char>(0));
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET6, bytes.data(), text.data(), text.size());
  return std::string(text.data()) + "/64";
}

bool WrongKeys::right(std::string_view address, const std::string& owner) {
  const std::string network = network_of(address);
  const std::lock_guard lock(mutex_);
  Address* seen = find(network);
  if (seen != nullptr && seen->known.contains(owner)) {
    return true;
  }
  seen = &of(network);
  if (wait_s(*seen) > 0.0) {
    tell(*seen);
    return false;
  }
  seen->known.insert(owner);
  return true;
}

double WrongKeys::wrong(std::string_view address) {
  ++count_;
  const std::string network = network_of(address);
  const std::lock_guard lock(mutex_);
  Address& seen = of(network);
  const double wait = wait_s(seen);
  if (wait == 0.0) {
    seen.left -= 1.0;
  }
  tell(seen);
  return wait;
}

double WrongKeys::wait_s(std::string_view address) {
  const std::string network = network_of(address);
  const std::lock_guard lock(mutex_);
  return wait_s(of(network));
}

WrongKeys::Address* WrongKeys::find(std::string_view network) {
  const auto found = index_.find(network);
  return found == index_.end() ? nullptr : &*found->second;
}

WrongKeys::Address& WrongKeys::of(std::string_view network) {
  if (const auto found = index_.find(network); found != index_.end()) {
    addresses_.splice(addresses_.begin(), addresses_, found->second);
    return addresses_.front();
  }
  const double now = now_();
  addresses_.push_front({.network = std::string(network),
                         .known = {},
                         .left = kBurst,
                         .filled_at = now,
                         .told_at = now - kTellEvery});
  try {
    index_.emplace(addresses_.front().network, addresses_.begin());
  } catch (...) {
    addresses_.pop_front();
    throw;
  }
  if (addresses_.size() > kMostAddresses) {
    index_.erase(addresses_.back().network);
    addresses_.pop_back();
  }
  return addresses_.front();
}

double WrongKeys::wait_s(Address& seen) const {
  const double now = now_();
  seen.left = std::min(kBurst, seen.left + (now - seen.filled_at) * kBurst / 60.0);
  seen.filled_at = now;
  return seen.left >= 1.0 ? 0.0 : (1.0 - seen.left) * 60.0 / kBurst;
}

void WrongKeys::tell(Address& seen) const {
  ++seen.untold;
  const double now = now_();
  if (now - seen.told_at >= kTellEvery) {
    log_("wrong API keys from " + seen.network + ": " + std::to_string(seen.untold));
    seen.told_at = now;
    seen.untold = 0;
  }
}

}  // namespace tensor_service
