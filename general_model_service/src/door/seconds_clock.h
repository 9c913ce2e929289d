// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The time in seconds, as rates and quotas count it; tests bring their own.

#pragma once

#include <chrono>
#include <functional>

namespace tensor_service {

using SecondsClock = std::function<double()>;

// Never goes back.
inline double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Since 1970, UTC.
inline double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

struct DoorClocks {
  SecondsClock steady = steady_seconds;
  SecondsClock wall = wall_seconds;
};

}  // namespace tensor_service
