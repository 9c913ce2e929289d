// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "scheduling/scheduler.h"

#include <algorithm>
#include <numeric>

#include "scheduling/batch_shape.h"
#include "scheduling/padding.h"

namespace tensor_service {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;

// Splitting a request between free engines below this costs more than it saves.
constexpr std::int64_t kLeastSplit = 64;

// Without an empty moment for so long, the queue is an overload and no burst.
constexpr std::chrono::milliseconds kStanding{50};
constexpr std::int64_t kBurst = 2;

// Batches are full while as many full ones wait for each engine. Below that, many small requests
// wait, and a full batch would answer them late and in bursts: at twice the capacity of one-row
// requests 16 % fewer were answered, with a p99 of 19 in place of 14 ms.
constexpr std::int64_t kFullBatches = 2;

// Jobs looked at for rows that fit a batch.
constexpr int kLookAhead = 128;

// A batch that takes no time at all would be no turn.
double took_us(Clock::time_point start, Clock::time_point end) {
  return std::max(1.0, std::chrono::duration<double, std::micro>(end - start).count());
}

}  // namespace

Scheduler::Scheduler(const SchedulerOptions& options, Executor executor, Metrics& metrics)
    : options_(options), executor_(std::move(executor)), metrics_(metrics) {}

LaneRows Scheduler::rows(std::size_t lane) {
  const std::lock_guard lock(mutex_);
  const Lane& one = lanes_.at(lane);
  return {one.computed_rows, one.queued_rows};
}

std::int64_t Scheduler::queued_tokens() const {
  const std::lock_guard lock(mutex_);
  return lanes_.queued_tokens();
}

std::int64_t Scheduler::queued_tokens(std::size_t lane) const {
  const std::lock_guard lock(mutex_);
  return lanes_.queued_tokens(lane);
}

void Scheduler::check_lane(std::size_t lane) const {
  const std::lock_guard lock(mutex_);
  if (lanes_.is_full(lane, options_.queue_tokens, options_.queue_rows)) {
    throw CallError(Status::kOverloaded,
                    "the queue is full (" + std::to_string(lanes_.queued_tokens(lane)) +
                        " tokens); try again in a moment, or call another endpoint");
  }
}

void Scheduler::check_room(std::size_t lanes) const {
  for (std::size_t lane = 1; lane < lanes; ++lane) {
    const std::lock_guard lock(mutex_);
    if (!lanes_.is_full(lane, options_.queue_tokens, options_.queue_rows)) {
      return;
    }
  }
  check_lane(0);
}

void Scheduler::abandon() {
  const std::lock_guard lock(mutex_);
  for (Lane& lane : lanes_.all()) {
    lane.queue.clear();
  }
}

void Scheduler::submit(std::shared_ptr<Job> job, bool alone) {
  job->pending.resize(job->rows);
  std::iota(job->pending.begin(), job->pending.end(), 0U);
  std::stable_sort(job->pending.begin(), job->pending.end(), [&](std::uint32_t a, std::uint32_t b) {
    return job->tokens[a] > job->tokens[b];
  });
  job->rows_open = job->rows;
  job->pending_tokens = job->total_tokens;
  bool run_here = false;
  {
    const std::lock_guard lock(mutex_);
    Lane& lane = lanes_.at(job->model->lane);
    const std::int64_t place = lane.done_tokens + job->total_tokens;
    admit(lane, *job, place, Clock::now());
    run_here = alone && lanes_.jobs() == 0 && running_ == 0 && woken_ == 0 &&
               options_.batch_wait == microseconds::zero();
    lanes_.add(lane, place, std::move(job));
    if (!run_here) {
      wake();
    }
  }
  if (run_here) {
    if (auto batch = take_batch()) {
      compute(*batch);
      leave();
    }
  }
}

void Scheduler::admit(Lane& lane, const Job& job, std::int64_t place, Clock::time_point now) {
  if (lane.queue.empty()) {
    lane.last_empty = now;
  }
  std::int64_t ahead = 0;
  for (const auto& [key, waiting] : lane.queue) {
    if (key.first > place) {
      break;
    }
    ahead += waiting->pending_tokens;
  }
  const std::int64_t burst = now - lane.last_empty < kStanding ? kBurst : 1;
  const std::int64_t most =
      burst * std::max(options_.queue_floor, options_.queue_factor * job.total_tokens);
  const std::int64_t total = lane.queued_tokens + job.total_tokens;
  const auto rows = static_cast<std::int64_t>(job.rows);
  if (ahead * lanes_.sharing(lane) > most ||
      total > std::max(options_.queue_tokens, job.total_tokens) ||
      lane.queued_rows + rows > std::max(options_.queue_rows, rows)) {
    throw CallError(Status::kOverloaded,
                    "the queue is full (" + std::to_string(ahead) +
                        " tokens ahead of this request); try again in a moment, or call another "
                        "endpoint");
  }
}

void Scheduler::wake() {
  if (running_ + woken_ < options_.workers && lanes_.jobs() > 0) {
    ++woken_;
    executor_.post([this] { run_posted(); });
  }
}

void Scheduler::run_posted() {
  {
    const std::lock_guard lock(mutex_);
    --woken_;
  }
  run();
}

// Answers are written before the next batch begins, by the thread that computed them: handing over
// to another would leave a core idle until the kernel has moved that thread there.
void Scheduler::run() {
  bool ran = false;
  while (auto batch = take_batch(ran)) {
    compute(*batch);
    ran = true;
  }
}

std::optional<Scheduler::Batch> Scheduler::take_batch(bool again) {
  Jobs lost;
  std::optional<Batch> batch;
  {
    const std::lock_guard lock(mutex_);
    running_ -= again ? 1 : 0;
    lost = drop_lost();
    Lane* const lane = running_ < options_.workers ? next_lane() : nullptr;
    if (lane != nullptr) {
      batch = next_batch(*lane);
      ++running_;
      wake();
    }
  }
  for (const auto& job : lost) {
    job->on_done(*job);
  }
  return batch;
}

void Scheduler::leave() {
  const std::lock_guard lock(mutex_);
  --running_;
  wake();
}

void Scheduler::compute(Batch& batch) {
  Status status = Status::kOk;
  std::string message;
  const Clock::time_point start = Clock::now();
  try {
    run_batch(batch.rows, batch.padded, *batch.engine, *batch.buffers);
  } catch (const CallError& error) {
    status = error.status();
    message = error.what();
  } catch (const std::bad_alloc&) {
    status = Status::kNoMemory;
    message = "not enough memory for this request; send fewer rows";
  } catch (const std::exception& error) {
    status = Status::kInternal;
    message = std::string("the engine failed: ") + error.what();
  }
  const Clock::time_point end = Clock::now();
  metrics_.inference_batches.add();
  metrics_.compute_us.add(duration_cast<microseconds>(end - start).count());
  metrics_.batch_rows.observe(static_cast<std::int64_t>(batch.rows.size()));
  Jobs done;
  {
    const std::lock_guard lock(mutex_);
    lanes_.settle(*batch.lane, batch.tokens, batch.charged, took_us(start, end));
    give_back(batch);
    done = settle(batch, status, message);
  }
  for (const auto& job : done) {
    job->computed = end;
    job->on_done(*job);
  }
}

Scheduler::Jobs Scheduler::drop_lost() {
  Jobs lost;
  const Clock::time_point now = Clock::now();
  for (Lane& lane : lanes_.all()) {
    drop_lost(lane, now, lost);
  }
  return lost;
}

void Scheduler::drop_lost(Lane& lane, Clock::time_point now, Jobs& lost) {
  for (auto entry = lane.queue.begin(); entry != lane.queue.end();) {
    Job& job = *entry->second;
    if (job.status == Status::kOk && job.is_cancelled()) {
      job.status = Status::kCancelled;
      job.message = "the caller has gone";
    } else if (job.status == Status::kOk && job.deadline && *job.deadline <= now) {
      job.status = Status::kDeadline;
      job.message = "the deadline passed while the request waited; allow more time";
    }
    if (job.status == Status::kOk) {
      ++entry;
      continue;
    }
    metrics_.cancelled_rows.add(static_cast<std::int64_t>(job.pending.size()));
    lane.queued_tokens -= job.pending_tokens;
    lane.queued_rows -= static_cast<std::int64_t>(job.pending.size());
    job.rows_open -= job.pending.size();
    job.pending.clear();
    job.pending_tokens = 0;
    if (job.rows_open == 0) {
      lost.push_back(entry->second);
    }
    entry = lane.queue.erase(entry);
  }
}

Lane* Scheduler::next_lane() {
  for (Lane* lane : lanes_.by_turn()) {
    if (!waits_for_more(*lane)) {
      return lane;
    }
  }
  return nullptr;
}

bool Scheduler::waits_for_more(const Lane& lane) {
  if (options_.batch_wait == microseconds::zero() || lane.queued_tokens >= budget_of(lane)) {
    return false;
  }
  const auto waited =
      duration_cast<microseconds>(Clock::now() - lane.queue.begin()->second->decoded);
  if (waited >= options_.batch_wait) {
    return false;
  }
  if (!timer_armed_) {
    timer_armed_ = true;
    executor_.post_after(options_.batch_wait - waited, [this] {
      {
        const std::lock_guard lock(mutex_);
        timer_armed_ = false;
      }
      run();
    });
  }
  return true;
}

Scheduler::Batch Scheduler::next_batch(Lane& lane) {
  Lane::Queue& queue = lane.queue;
  const std::shared_ptr<Job> head = queue.begin()->second;  // taking its last row drops it there
  Model& model = *head->model;
  Batch batch;
  batch.lane = &lane;
  if (buffers_.empty()) {
    buffers_.push_back(std::make_unique<BatchBuffers>());
  }
  batch.buffers = std::move(buffers_.back());
  buffers_.pop_back();

  const std::int64_t longest = head->tokens[head->pending.front()];
  const bool pads = options_.pad_dynamic && model.may_pad;
  if (pads && model.bundle.manifest) {
    batch.padded.length = rounded_length(model, longest);
  }
  const std::int64_t row_tokens = std::max<std::int64_t>(1, std::max(batch.padded.length, longest));
  const bool lone = running_ == 0 && lanes_.jobs() == 1 && model.lone &&
                    static_cast<std::int64_t>(head->pending.size()) * row_tokens <=
                        std::max(std::min(options_.batch_tokens, kLeastBatchTokens), row_tokens);
  batch.capacity = model.rows_independent && !lone ? rows_of_batch(lane, row_tokens) : head->rows;
  batch.engine = lone ? model.lone.get() : model.idle.back();
  if (!lone) {
    model.idle.pop_back();
  }
  int seen = 0;
  for (auto entry = queue.begin(); entry != queue.end() && batch.rows.size() < batch.capacity &&
                                   seen < kLookAhead && (seen == 0 || model.rows_independent);
       ++seen) {
    const auto next = std::next(entry);
    take(entry, *head, batch);
    entry = next;
  }
  keep_shape(batch, model, row_tokens);
  batch.charged = lanes_.charge(lane, batch.tokens);
  metrics_.batch_tokens.observe(batch.tokens);
  metrics_.rows.add(static_cast<std::int64_t>(batch.rows.size()));
  lane.computed_rows += static_cast<std::int64_t>(batch.rows.size());
  return batch;
}

// Only rows that may be padded keep a shape: of the others each length has its own.
void Scheduler::keep_shape(Batch& batch, Model& model, std::int64_t row_tokens) const {
  const BatchShape own{static_cast<std::int64_t>(batch.rows.size()), row_tokens};
  batch.tokens = own.tokens();
  if (batch.padded.length == 0 || !model.rows_independent) {
    return;
  }
  BatchShape& last = model.last_shapes[batch.engine];
  last = kept_shape(own, last, batch.lane->us_per_token, options_.shape_change);
  batch.padded = last;
  batch.tokens = last.tokens();
}

std::int64_t Scheduler::budget_of(const Lane& lane) const {
  return tokens_of_batch(options_.batch_tokens, options_.batch_time, lane.us_per_token);
}

// As many rows as fit the budget; fewer when other engines are free to take a share.
std::size_t Scheduler::rows_of_batch(const Lane& lane, std::int64_t row_tokens) const {
  const std::int64_t fit = std::max<std::int64_t>(1, budget_of(lane) / row_tokens);
  // a budget that was named is meant
  const bool is_named = options_.batch_time == microseconds::zero();
  const std::int64_t waiting = lane.queued_rows / options_.workers / kFullBatches;
  std::int64_t rows = is_named ? fit : rows_for(fit, waiting, row_tokens);
  const int free_workers = options_.workers - running_;
  if (free_workers > 1) {
    const std::int64_t share = std::max(kLeastSplit, lane.queued_tokens / free_workers);
    rows = std::min(rows, (share + row_tokens - 1) / row_tokens);
  }
  return std::min(static_cast<std::size_t>(rows), options_.max_batch_rows);
}

void Scheduler::take(Lane::Queue::iterator entry, const Job& head, Batch& batch) {
  const std::shared_ptr<Job> job = entry->second;
  if (job->model != head.model || job->trailing != head.trailing) {
    return;
  }
  const bool pads = options_.pad_dynamic && job->model->may_pad;
  const BatchRow first =
      batch.rows.empty() ? BatchRow{job, job->pending.front()} : batch.rows.front();
  const std::int64_t most = std::max(batch.padded.length, first.job->tokens[first.row]);
  auto begin = std::lower_bound(
      job->pending.begin(), job->pending.end(), most,
      [&](std::uint32_t row, std::int64_t length) { return job->tokens[row] > length; });
  auto end = begin;
  while (end != job->pending.end() && batch.rows.size() < batch.capacity &&
         (pads ? worth_padding(job->tokens[*end], most)
               : same_lengths(*first.job, first.row, *job, *end))) {
    batch.rows.push_back({job, *end});
    job->pending_tokens -= job->tokens[*end];
    batch.lane->queued_tokens -= job->tokens[*end];
    batch.lane->done_tokens += job->tokens[*end];
    --batch.lane->queued_rows;
    ++end;
  }
  if (begin == end) {
    return;
  }
  if (job->started == Clock::time_point{}) {
    job->started = Clock::now();
  }
  job->pending.erase(begin, end);
  if (job->pending.empty()) {
    batch.lane->queue.erase(entry);
  }
}

void Scheduler::give_back(Batch& batch) {
  Model& model = *batch.rows.front().job->model;
  if (batch.engine != model.lone.get()) {
    model.idle.push_back(batch.engine);
  }
  buffers_.push_back(std::move(batch.buffers));
}

Scheduler::Jobs Scheduler::settle(const Batch& batch, Status status, const std::string& message) {
  Jobs done;
  for (const BatchRow& row : batch.rows) {
    Job& job = *row.job;
    if (status != Status::kOk && job.status == Status::kOk) {
      job.status = status;
      job.message = message;
    } else if (!row.failure.empty() && job.status == Status::kOk) {
      job.status = Status::kInternal;
      job.message = row.failure;
    }
    if (--job.rows_open == 0) {
      done.push_back(row.job);
    }
  }
  return done;
}

}  // namespace tensor_service
