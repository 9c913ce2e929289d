// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// One request with texts on its way, as the parts of TextService hand it on. Known to these alone:
// text_service.cc, text_jobs.cc and text_ends.cc.

#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "call/head.h"
#include "experiments/route.h"
#include "ranking/text_headers.h"
#include "service/text_service.h"

namespace tensor_service {

// A tree that is no larger is not counted.
inline constexpr std::size_t kSmallTree = 256U << 10U;

inline double milliseconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

inline std::int64_t microseconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration_cast<std::chrono::microseconds>(to - from).count();
}

// Its place is free before its caller has the answer and asks again.
inline void leave(const Call& call, bool served) noexcept {
  if (call.pass) {
    call.pass->leave(served);
  }
}

// One request on its way; kept by its jobs' on_done.
struct TextService::Exchange {
  // What one of the rankers that are asked has of it.
  struct Part {
    std::vector<EncodedRow> rows;
    Status status = Status::kOk;
    std::string message;
    std::vector<float> logits;
  };

  Call call;
  std::shared_ptr<const ServedModels> served;
  std::optional<ServedRankers> rankers;
  Done done;
  std::atomic<bool> answered{false};
  std::unique_ptr<TextRoute> route;
  RankRequest request;
  Progress progress;
  Arrival arrival;
  Route chosen;  // who shall score; who the answer tells of
  std::optional<LargeBodies::Place> place;
  std::size_t trees = 0;             // bytes of what was read of the body
  std::weak_ptr<Job> lead;           // the first job, by which the caller cancels; it keeps this
  bool counted = false;              // among the requests in work
  std::vector<Part> parts;           // as progress.asked
  std::atomic<std::size_t> open{0};  // parts whose job has not ended
  std::mutex timings_mutex;
  Timings timings;
};

}  // namespace tensor_service
