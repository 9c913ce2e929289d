// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "service/shadow.h"

#include <algorithm>
#include <utility>

#include "experiments/router.h"
#include "ranking/encoded_request.h"
#include "ranking/ranking_error.h"
#include "report/log.h"
#include "service/row_tensors.h"

namespace tensor_service {
namespace {

// requests that wait, for each thread
constexpr std::size_t kQueue = 8;
// of their texts, so that large requests that wait do not fill the memory
constexpr std::size_t kMostBytes = 64U << 20U;
constexpr std::chrono::seconds kDeadline{10};

// A job that a thread waits for; its on_done may come later than the wait ends.
struct Wait {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
};

}  // namespace

Shadow::Shadow(const TextLimits& limits, Served served, Scheduler& scheduler, Recorder& recorder,
               std::int64_t threads)
    : limits_(limits),
      served_(std::move(served)),
      scheduler_(scheduler),
      recorder_(recorder),
      most_(static_cast<std::size_t>(threads) * kQueue) {
  for (std::int64_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { run(); });
  }
}

void Shadow::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) {
    thread.join();
  }
  threads_.clear();
}

void Shadow::offer(const RankRequest& request, const Route& route, const Ranking& answered) {
  const std::size_t bytes = OwnedRequest::bytes_of(request);
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) {
      return;
    }
    if (tasks_.size() >= most_ || bytes_ + bytes > kMostBytes) {
      ++ended_[static_cast<int>(End::kDropped)];
      return;
    }
    auto task = std::make_unique<Task>(request, route);
    task->answered = {answered.scores, answered.logits};
    task->ranker = answered.ranker;
    task->bundle = answered.bundle;
    task->bytes = bytes;
    bytes_ += bytes;
    tasks_.push_back(std::move(task));
  }
  changed_.notify_one();
}

std::unique_ptr<Shadow::Task> Shadow::take() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
  if (stopping_) {
    return nullptr;
  }
  std::unique_ptr<Task> task = std::move(tasks_.front());
  tasks_.pop_front();
  return task;
}

void Shadow::run() {
  while (const std::unique_ptr<Task> task = take()) {
    try {
      score(*task);
    } catch (const std::exception& error) {
      log_line(std::string("a shadow failed: ") + error.what());
      count(End::kFailed);
    }
    const std::lock_guard lock(mutex_);
    bytes_ -= task->bytes;
  }
}

void Shadow::score(const Task& task) {
  const Clock::time_point start = Clock::now();
  const RankRequest& request = task.request.request();
  ShadowComparison record;
  record.request_id = request.request_id;
  record.experiment = task.route.experiment;
  record.variant = task.route.variant;
  record.shadow_variant = task.route.shadow_variant;
  record.ranker = task.ranker;
  record.bundle = task.bundle;
  record.shadow_ranker = task.route.shadow->ranker;
  record.shadow_bundle = task.route.shadow->bundle;
  record.documents = request.titles.size();
  End end = End::kScored;
  try {
    const Ranked shadow = scored(task, start + kDeadline);
    compare(task.answered, shadow, record);
  } catch (const RankingError& error) {
    end = End::kFailed;
    record.err_no = error.facts().err_no;
  } catch (const CallError& error) {
    end = End::kFailed;
    record.err_no = ranking_error(error.status(), error.what(), "").facts().err_no;
  }
  record.time = seconds_now();
  record.shadow_ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  count(end);
  recorder_.record(std::move(record));
}

// All scores are compared, whatever the caller asked to see.
Ranked Shadow::scored(const Task& task, Clock::time_point deadline) {
  const std::shared_ptr<const ServedModels> served = served_();
  const ServedRankers rankers(text_bundles(*served));
  const ServedRanker* ranker = rankers.of_target(*task.route.shadow);
  if (ranker == nullptr) {
    throw RankingError(Fault::kInferenceFailed, "the shadow's bundle is not served any more");
  }
  const std::string& wanted = task.route.shadow->bundle;
  if (!wanted.empty() && ranker->manifest().version != wanted) {
    throw RankingError(Fault::kInferenceFailed, "the shadow's bundle was replaced");
  }
  RankRequest request = task.request.request();
  request.top_n.reset();
  EncodedRows encoded = encode_request(request, *ranker->encoder, limits_);
  check_tokens(count_tokens(encoded.rows), limits_);
  const std::vector<EncodedRow> rows = encoded.rows;
  auto job = make_job(inference_request(encoded, ranker->manifest().logits),
                      served->models[ranker->place], false);
  job->received = job->decoded = Clock::now();
  job->deadline = deadline;
  job = computed(std::move(job));
  if (job->status != Status::kOk) {
    throw ranking_error(job->status, job->message, ranker->manifest().ranker);
  }
  const std::vector<Scored> all{
      {*ranker, rows, margins_of(floats_of(job->outputs.front()), rows.size(), *ranker)}};
  RankResponse response = rank(request, all);
  return {std::move(response.scores), std::move(response.logits)};
}

// Waits for the job's end, or for that of the service.
std::shared_ptr<Job> Shadow::computed(std::shared_ptr<Job> job) {
  const auto wait = std::make_shared<Wait>();
  job->on_done = [wait](Job&) {
    const std::lock_guard lock(wait->mutex);
    wait->done = true;
    wait->changed.notify_one();
  };
  scheduler_.submit(job, false);
  constexpr std::chrono::milliseconds kLook{50};
  std::unique_lock lock(wait->mutex);
  while (!wait->changed.wait_for(lock, kLook, [&] { return wait->done; })) {
    const std::lock_guard own(mutex_);
    if (stopping_ || Clock::now() > *job->deadline + kDeadline) {
      job->cancelled = true;
      throw RankingError(Fault::kShuttingDown, "the service stops");
    }
  }
  return job;
}

void Shadow::count(End end) {
  const std::lock_guard lock(mutex_);
  ++ended_[static_cast<int>(end)];
}

std::string Shadow::metrics_text() const {
  std::string text =
      "# HELP ranking_shadowed_total Shadow requests: scored, failed, or dropped.\n"
      "# TYPE ranking_shadowed_total counter\n";
  const std::lock_guard lock(mutex_);
  const char* const names[] = {"scored", "failed", "dropped"};
  for (int i = 0; i < 3; ++i) {
    text += std::string("ranking_shadowed_total{outcome=\"") + names[i] + "\"} " +
            std::to_string(ended_[i]) + "\n";
  }
  return text;
}

}  // namespace tensor_service
