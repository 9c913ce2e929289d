// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "report/log.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>

namespace tensor_service {

void log_line(const std::string& text) {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  std::array<char, 32> moment{};
  std::strftime(moment.data(), moment.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  // one call, so that lines of two threads do not mix
  std::fprintf(stderr, "%s tensor_service: %s\n", moment.data(), text.c_str());
}

}  // namespace tensor_service
