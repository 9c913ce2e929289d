// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Decides which rows run next and refuses what cannot run in time. Jobs come from any connection;
// whichever thread calls run computes batches on a free engine.
//
// Bundles: each has a queue of its own, and those with work share the engines' time (lanes.h).
// Order: a job's place is the work done before it arrived plus its own size in tokens, so a small
// request passes a large one that has not waited long, and none waits for ever. Admission: a job
// is refused when the tokens ahead of it in its queue, times the queues that share the engines, are
// more than queue_factor times its own (and more than queue_floor), so the longest wait is a
// multiple of what the request itself costs. A queue that was empty a moment ago takes kBurst times
// as much: many requests at once are no overload yet.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "report/metrics.h"
#include "scheduling/batch.h"
#include "scheduling/job.h"
#include "scheduling/lanes.h"

namespace tensor_service {

struct SchedulerOptions {
  int workers = 1;                  // batches at once; each model has as many engines
  std::int64_t batch_tokens = 256;  // padded tokens of a batch at most, if it has several rows
  // A batch has fewer tokens, but not fewer than kLeastBatchTokens, so that it takes no longer; 0:
  // as long as they take.
  std::chrono::microseconds batch_time{0};
  // What an engine takes for a batch of another shape than its last; so much may be spent on
  // padding to keep the shape.
  std::chrono::microseconds shape_change{0};
  std::size_t max_batch_rows = 32;
  std::chrono::microseconds batch_wait{0};  // how long a batch that is not full waits for rows
  bool pad_dynamic = false;                 // batch rows of different length
  std::int64_t queue_factor = 32;
  std::int64_t queue_floor = 1024;      // tokens ahead that never refuse
  std::int64_t queue_tokens = 1 << 20;  // tokens in the queue of a bundle, at most
  std::int64_t queue_rows = 1 << 30;    // rows in it, at most
};

struct LaneRows {
  std::int64_t computed = 0;
  std::int64_t waiting = 0;
};

class Scheduler {
 public:
  // post runs a function later on some thread; post_after does so when the time has come.
  struct Executor {
    std::function<void(std::function<void()>)> post;
    std::function<void(std::chrono::microseconds, std::function<void()>)> post_after;
  };

  Scheduler(const SchedulerOptions& options, Executor executor, Metrics& metrics);

  // Queues the job; its on_done is called by the thread that computes its last row. With alone
  // set, and nothing else to do, that is this thread, before submit returns: the way of a lone
  // request, without a change of thread. Throws CallError(kOverloaded) and keeps nothing.
  void submit(std::shared_ptr<Job> job, bool alone);

  std::int64_t queued_tokens() const;
  std::int64_t queued_tokens(std::size_t lane) const;
  // Rows of a bundle that were computed, and that wait.
  LaneRows rows(std::size_t lane);

  // Throws CallError(kOverloaded) when submit would, whatever the job: before one is made. For a
  // bundle, or for whichever of the first so many.
  void check_lane(std::size_t lane) const;
  void check_room(std::size_t lanes) const;

  // Forgets all queued jobs without an answer. Only when no thread calls the scheduler any more.
  void abandon();

 private:
  struct Batch {
    std::vector<BatchRow> rows;
    BatchShape padded;  // a length of 0: rows of equal length
    std::size_t capacity = 0;
    Engine* engine = nullptr;
    std::unique_ptr<BatchBuffers> buffers;
    Lane* lane = nullptr;
    std::int64_t tokens = 0;  // padding included
    double charged = 0.0;     // microseconds
  };
  using Jobs = std::vector<std::shared_ptr<Job>>;

  // Computes batches on this thread while there is work and an engine is free.
  void run();
  void run_posted();
  // The next batch, if there is one and an engine is free. again: this thread has computed one
  // before and still counts as running, as compute() leaves it.
  std::optional<Batch> take_batch(bool again = false);
  void compute(Batch& batch);
  // This thread computes no more.
  void leave();

  // With the lock held.
  void wake();
  void admit(Lane& lane, const Job& job, std::int64_t place, Clock::time_point now);
  Jobs drop_lost();
  void drop_lost(Lane& lane, Clock::time_point now, Jobs& lost);
  // The lane to serve next; null: none has work that may begin.
  Lane* next_lane();
  bool waits_for_more(const Lane& lane);
  Batch next_batch(Lane& lane);
  void keep_shape(Batch& batch, Model& model, std::int64_t row_tokens) const;
  // Tokens of the lane's next batch.
  std::int64_t budget_of(const Lane& lane) const;
  std::size_t rows_of_batch(const Lane& lane, std::int64_t row_tokens) const;
  void take(Lane::Queue::iterator entry, const Job& head, Batch& batch);
  void give_back(Batch& batch);
  Jobs settle(const Batch& batch, Status status, const std::string& message);

  const SchedulerOptions options_;
  const Executor executor_;
  Metrics& metrics_;

  mutable std::mutex mutex_;
  Lanes lanes_;
  int running_ = 0;           // threads that compute a batch or write its answers
  int woken_ = 0;             // run calls that were posted and have not begun
  bool timer_armed_ = false;  // a batch that is not full waits for rows
  std::vector<std::unique_ptr<BatchBuffers>> buffers_;
};

}  // namespace tensor_service
