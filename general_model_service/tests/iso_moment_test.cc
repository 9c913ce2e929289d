// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Dates as Python's datetime.fromisoformat reads them, in UTC where they name no zone.

#include "settings/iso_moment.h"

#include <gtest/gtest.h>

#include <array>

namespace tensor_service {
namespace {

struct Read {
  const char* text;
  double seconds;
};

TEST(IsoMoment, IsPythons) {
  constexpr std::array kRead{
      Read{"2026-11-24", 1795478400.0},
      Read{"20261124", 1795478400.0},
      Read{"2026-11-24T08:00:00Z", 1795507200.0},
      Read{"2026-11-24 08:00:00", 1795507200.0},
      Read{"2026-11-24 08:00", 1795507200.0},
      Read{"2026-11-24T08", 1795507200.0},
      Read{"2026-11-24T0800", 1795507200.0},
      Read{"2026-11-24T080001", 1795507201.0},
      Read{"2026-11-24T08:00:00.5", 1795507200.5},
      Read{"2026-11-24T08:00:00,123456789", 1795507200.123456},
      Read{"2026-11-24T08:00:00+08:00", 1795478400.0},
      Read{"2026-11-24T08:00:00-0130", 1795512600.0},
      Read{"2026-11-24T08+05", 1795489200.0},
      Read{"2026-11-24中08:00", 1795507200.0},
      Read{"1969-12-31T23:59:59.25Z", -0.75},
      Read{"0001-01-01", -62135596800.0},
      Read{"9999-12-31T23:59:59", 253402300799.0},
      Read{"2024-02-29", 1709164800.0},
      Read{"2026-11-24T08:00:00+00:00:01.5", 1795507198.5},
      Read{"2026-W10-1", 1772409600.0},
      Read{"2026-W10", 1772409600.0},
      Read{"2026W101", 1772409600.0},
      Read{"2026W10", 1772409600.0},
      Read{"2020-W53-7", 1609632000.0},
      Read{"2026-W01-1T08:00", 1766995200.0},
      Read{"2025-W01", 1735516800.0},
      Read{"2026W101T0800Z", 1772438400.0},
      Read{"2021-W01-1", 1609718400.0},
      Read{"2026-11-24T08:00:00 Z", 1795507200.0},
      Read{"2026-11-24 08:00:00 +08:00", 1795478400.0},
      Read{"20261124T080000Z", 1795507200.0},
  };
  for (const auto& [text, seconds] : kRead) {
    const auto moment = iso_moment(text);
    ASSERT_TRUE(moment) << text;
    EXPECT_EQ(*moment, seconds) << text;
  }
}

TEST(IsoMoment, WhatIsNoneIsNone) {
  for (const char* text : {"",
                           "soon",
                           "2026",
                           "2026-11",
                           "2026-1-1",
                           "2026-13-01",
                           "2026-02-29",
                           "2026-11-24T",
                           "2026-11-24T8:00",
                           "2026-11-24T24:00",
                           "2026-11-24T08:60",
                           "2026-11-24T08:00:00.",
                           "2026-11-24T08:00:00ZZ",
                           "2026-11-24T08:00:00+",
                           "202611-24",
                           "2026-1124",
                           "2026-11-24T08:0001",
                           "2026-11-24T0800:01",
                           "0000-01-01",
                           "2026-W00",
                           "2021-W53",
                           "2026-W54-1",
                           "2026-W10-0",
                           "2026-W10-8",
                           "2026-W10-",
                           "2026-W101",
                           "2026W10-1",
                           "2026-w10",
                           "2026-W1"}) {
    EXPECT_FALSE(iso_moment(text)) << text;
  }
}

}  // namespace
}  // namespace tensor_service
