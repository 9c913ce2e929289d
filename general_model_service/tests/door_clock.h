// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A clock that goes only when it is told to, and what a call throws.

#pragma once

#include <gtest/gtest.h>

#include <string>

#include "door/seconds_clock.h"
#include "ranking/ranking_error.h"

namespace tensor_service {

struct DoorClock {
  double now = 1000.0;

  SecondsClock clock() {
    return [this] { return now; };
  }
  DoorClocks clocks() { return {clock(), clock()}; }
};

// The refusal that a call throws; a failure of the test when it throws none.
template <class Call>
RankingError refusal_of(Call call) {
  try {
    call();
  } catch (const RankingError& error) {
    return error;
  }
  ADD_FAILURE() << "it was let in";
  return {Fault::kService, "none"};
}

}  // namespace tensor_service
