// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Has another ranker score requests that were answered, and records how far the two agree, as
// pipeline/records/shadow.py. A few threads encode the texts once more and wait for their rows,
// which are computed among those of all requests. What they cannot keep up with is dropped and
// counted.

#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "experiments/route.h"
#include "ranking/owned_request.h"
#include "ranking/rank_response.h"
#include "ranking/values.h"
#include "records/agreement.h"
#include "records/recorder.h"
#include "scheduling/scheduler.h"
#include "service/served_models.h"

namespace tensor_service {

class Shadow {
 public:
  using Served = std::function<std::shared_ptr<const ServedModels>()>;

  Shadow(const TextLimits& limits, Served served, Scheduler& scheduler, Recorder& recorder,
         std::int64_t threads);
  ~Shadow() { stop(); }
  Shadow(const Shadow&) = delete;
  Shadow& operator=(const Shadow&) = delete;

  // Takes no more, and ends what is being scored: no thread calls the scheduler afterwards.
  void stop();

  // Scores a request by its route's shadow, when a thread is free. Any thread.
  void offer(const RankRequest& request, const Route& route, const Ranking& answered);

  std::string metrics_text() const;

 private:
  struct Task {
    Task(const RankRequest& given, const Route& taken) : request(given), route(taken) {}
    OwnedRequest request;
    Route route;
    Ranked answered;
    std::string ranker;  // that answered
    std::string bundle;
    std::size_t bytes = 0;
  };
  enum class End { kScored, kFailed, kDropped };

  void run();
  void score(const Task& task);
  Ranked scored(const Task& task, Clock::time_point deadline);
  std::shared_ptr<Job> computed(std::shared_ptr<Job> job);
  void count(End end);
  std::unique_ptr<Task> take();

  const TextLimits limits_;
  const Served served_;
  Scheduler& scheduler_;
  Recorder& recorder_;
  const std::size_t most_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<Task>> tasks_;
  std::size_t bytes_ = 0;
  std::int64_t ended_[3] = {};  // by End
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace tensor_service
