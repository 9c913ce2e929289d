// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "scheduling/scheduler.h"

#include <gtest/gtest.h>

#include <deque>
#include <limits>
#include <thread>

#include "sum_model.h"

namespace tensor_service {
namespace {

// Posted work waits until the test runs it, on as many threads as the test likes.
class Loop {
 public:
  Scheduler::Executor executor() {
    return {.post = [this](std::function<void()> work) { add(std::move(work)); },
            .post_after =
                [this](std::chrono::microseconds delay, std::function<void()> work) {
                  delays.push_back(delay);
                  delayed.push_back(std::move(work));
                }};
  }

  bool run_one() {
    std::function<void()> work;
    {
      const std::lock_guard lock(mutex_);
      if (work_.empty()) {
        return false;
      }
      work = std::move(work_.front());
      work_.pop_front();
    }
    work();
    return true;
  }

  void run_all() {
    while (run_one()) {
    }
  }

  std::size_t size() {
    const std::lock_guard lock(mutex_);
    return work_.size();
  }

  std::vector<std::chrono::microseconds> delays;
  std::vector<std::function<void()>> delayed;

 private:
  void add(std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    work_.push_back(std::move(work));
  }

  std::mutex mutex_;
  std::deque<std::function<void()>> work_;
};

class SchedulerTest : public ::testing::Test {
 protected:
  void use(SchedulerOptions options) {
    model_ = sum_model(log_, options.workers);
    scheduler_ = std::make_unique<Scheduler>(options, loop_.executor(), metrics_);
  }

  std::shared_ptr<Job> job(const std::vector<std::int64_t>& lengths) {
    auto made = make_job(rows_request(lengths), model_, false);
    made->decoded = Clock::now();
    made->on_done = [this](Job& done) {
      const std::lock_guard lock(mutex_);
      finished_.push_back(&done);
    };
    return made;
  }

  std::shared_ptr<Job> submit(const std::vector<std::int64_t>& lengths, bool alone = false) {
    auto made = job(lengths);
    scheduler_->submit(made, alone);
    return made;
  }

  // Row r holds lengths[r] times r + 1.
  static void expect_sums(const Job& done, const std::vector<std::int64_t>& lengths) {
    ASSERT_EQ(done.status, Status::kOk) << done.message;
    ASSERT_EQ(done.outputs.size(), 1U);
    EXPECT_EQ(done.outputs[0].shape, (Shape{static_cast<std::int64_t>(lengths.size()), 1}));
    const std::vector<float> sums = floats(done.outputs[0]);
    ASSERT_EQ(sums.size(), lengths.size());
    for (std::size_t row = 0; row < lengths.size(); ++row) {
      EXPECT_EQ(sums[row], static_cast<float>(lengths[row] * static_cast<std::int64_t>(row + 1)));
    }
  }

  SumLog log_;
  Loop loop_;
  Metrics metrics_;
  std::shared_ptr<Model> model_;
  std::unique_ptr<Scheduler> scheduler_;
  std::mutex mutex_;
  std::vector<Job*> finished_;
};

TEST_F(SchedulerTest, LoneJobIsComputedByTheSubmittingThread) {
  use({});
  const auto done = submit({3}, true);
  EXPECT_EQ(finished_, std::vector<Job*>{done.get()});
  EXPECT_EQ(loop_.size(), 0U);
  expect_sums(*done, {3});
}

TEST_F(SchedulerTest, OthersWaitForAPostedThread) {
  use({});
  const auto done = submit({3});
  EXPECT_TRUE(finished_.empty());
  loop_.run_all();
  expect_sums(*done, {3});
}

TEST_F(SchedulerTest, RowsOfDifferentLengthPadOnlyWhenAllowed) {
  const std::vector<std::int64_t> lengths{15, 14, 16, 13};
  use({.pad_dynamic = true});
  expect_sums(*submit(lengths, true), lengths);
  EXPECT_EQ(log_.shapes, (std::vector<Shape>{{4, 16}}));

  log_.shapes.clear();
  use({.pad_dynamic = false});
  const auto done = submit(lengths);
  loop_.run_all();
  expect_sums(*done, lengths);
  EXPECT_EQ(log_.shapes, (std::vector<Shape>{{1, 16}, {1, 15}, {1, 14}, {1, 13}}));
}

TEST_F(SchedulerTest, ConcurrentRequestsShareABatch) {
  use({.pad_dynamic = true});
  const auto first = submit({30});
  const auto second = submit({32, 31});
  loop_.run_all();
  expect_sums(*first, {30});
  expect_sums(*second, {32, 31});
  EXPECT_EQ(log_.shapes, (std::vector<Shape>{{3, 32}}));
}

TEST_F(SchedulerTest, RowsOfVeryDifferentLengthDoNotShareABatch) {
  use({.batch_tokens = 512, .pad_dynamic = true});
  const std::vector<std::int64_t> lengths{200, 40, 198, 39};
  const auto done = submit(lengths);
  loop_.run_all();
  expect_sums(*done, lengths);
  EXPECT_EQ(log_.shapes, (std::vector<Shape>{{2, 200}, {2, 40}}));
}

TEST_F(SchedulerTest, ALargeRequestIsSplitByTokensAndByRows) {
  use({.batch_tokens = 256, .max_batch_rows = 32, .pad_dynamic = true});
  const std::vector<std::int64_t> lengths(20, 32);
  const auto done = submit(lengths);
  loop_.run_all();
  expect_sums(*done, lengths);
  EXPECT_EQ(log_.shapes, (std::vector<Shape>{{8, 32}, {8, 32}, {4, 32}}));

  log_.shapes.clear();
  use({.batch_tokens = 256, .max_batch_rows = 5});
  submit(std::vector<std::int64_t>(8, 4));
  loop_.run_all();
  EXPECT_EQ(log_.shapes, (std::vector<Shape>{{5, 4}, {3, 4}}));
}

TEST_F(SchedulerTest, ABatchIsPaddedToTheShapeOfTheLast) {
  use({.batch_tokens = 256, .shape_change = std::chrono::minutes(1), .pad_dynamic = true});
  const auto first = submit({16, 16, 16}, true);
  const auto second = submit({16, 9}, true);
  const auto longer = submit({20}, true);
  EXPECT_EQ(log_.shapes, (std::vector<Shape>{{3, 16}, {3, 16}, {1, 24}}));
  expect_sums(*first, {16, 16, 16});
  expect_sums(*second, {16, 9});
  expect_sums(*longer, {20});
}

TEST_F(SchedulerTest, ARowLongerThanTheBudgetRunsAlone) {
  use({.batch_tokens = 100});
  expect_sums(*submit({300}, true), {300});
}

TEST_F(SchedulerTest, FreeEnginesShareARequest) {
  use({.workers = 2, .batch_tokens = 512, .pad_dynamic = true});
  const std::vector<std::int64_t> lengths(10, 32);
  const auto done = submit(lengths);
  EXPECT_EQ(loop_.size(), 1U);
  log_.gate.close();
  const auto run_one = [this] {
    while (!loop_.run_one()) {
      std::this_thread::yield();
    }
  };
  std::thread other(run_one);
  std::thread another(run_one);
  while (log_.batches() < 2) {
    std::this_thread::yield();
  }
  log_.gate.open();
  other.join();
  another.join();
  loop_.run_all();
  expect_sums(*done, lengths);
  EXPECT_EQ(log_.shapes, (std::vector<Shape>{{5, 32}, {5, 32}}));
}

TEST_F(SchedulerTest, ASmallRequestPassesALargeOne) {
  use({.batch_tokens = 64, .queue_factor = 1000});
  const auto large = submit(std::vector<std::int64_t>(10, 32));
  const auto small = submit({4});
  loop_.run_all();
  ASSERT_EQ(finished_.size(), 2U);
  EXPECT_EQ(finished_[0], small.get());
  EXPECT_EQ(finished_[1], large.get());
}

TEST_F(SchedulerTest, ALargeRequestIsNotStarvedBySmallOnes) {
  use({.batch_tokens = 64, .queue_factor = 1000});
  const auto large = submit(std::vector<std::int64_t>(4, 64));
  int small_before = 0;
  for (int i = 0; i < 100 && large->rows_open > 0; ++i) {
    submit(std::vector<std::int64_t>(16, 4));  // 64 tokens: a batch of its own
    loop_.run_one();
    ++small_before;
  }
  EXPECT_EQ(large->rows_open, 0U);
  EXPECT_LE(small_before, 8);  // 256 tokens of its own and as many of others
}

TEST_F(SchedulerTest, AStandingQueueRefusesAtOnce) {
  use({.queue_factor = 4, .queue_floor = 10});
  submit({10});
  // the queue is no burst any more: it was not empty for long enough
  std::this_thread::sleep_for(std::chrono::milliseconds(120));
  for (int i = 0; i < 4; ++i) {
    submit({10});  // tokens ahead: 10, 20, 30, 40
  }
  EXPECT_EQ(scheduler_->queued_tokens(), 50);
  try {
    submit({10});
    FAIL() << "accepted";
  } catch (const CallError& error) {
    EXPECT_EQ(error.status(), Status::kOverloaded);
  }
  EXPECT_EQ(scheduler_->queued_tokens(), 50);
  EXPECT_NO_THROW(submit(std::vector<std::int64_t>(2, 10)));  // may wait longer: it costs more
  loop_.run_all();
  EXPECT_EQ(finished_.size(), 6U);
  EXPECT_EQ(scheduler_->queued_tokens(), 0);
}

TEST_F(SchedulerTest, ABurstMayWaitLongerButNotForEver) {
  use({.queue_factor = 1, .queue_floor = 1, .queue_tokens = 1000});
  int taken = 0;
  try {
    for (; taken < 1000; ++taken) {
      submit({10});
    }
  } catch (const CallError&) {
  }
  EXPECT_EQ(taken, 3);  // twice its own tokens may stand before a request
}

TEST_F(SchedulerTest, TheQueueHasAnEnd) {
  use({.queue_factor = 1000, .queue_tokens = 100});
  EXPECT_NO_THROW(submit(std::vector<std::int64_t>(20, 10)));  // alone, a large one is taken
  EXPECT_THROW(submit({10}), CallError);
}

TEST_F(SchedulerTest, ACallerThatHasGoneIsDroppedBeforeCompute) {
  use({});
  const auto gone = submit({7});
  const auto stays = submit({9});
  gone->cancelled = true;
  loop_.run_all();
  EXPECT_EQ(gone->status, Status::kCancelled);
  EXPECT_EQ(finished_.size(), 2U);
  EXPECT_EQ(log_.shapes, (std::vector<Shape>{{1, 9}}));
  EXPECT_EQ(metrics_.cancelled_rows.value(), 1);
  EXPECT_EQ(scheduler_->queued_tokens(), 0);
}

TEST_F(SchedulerTest, APassedDeadlineIsDroppedBeforeCompute) {
  use({});
  auto late = job({7});
  late->deadline = Clock::now() - std::chrono::milliseconds(1);
  scheduler_->submit(late, false);
  loop_.run_all();
  EXPECT_EQ(late->status, Status::kDeadline);
  EXPECT_TRUE(log_.shapes.empty());
}

TEST_F(SchedulerTest, AFailingEngineFailsItsJobsOnlyAndServesOn) {
  use({.batch_tokens = 32});
  log_.fail = true;
  const auto failed = submit({20, 20, 20});
  loop_.run_one();
  log_.fail = false;
  loop_.run_all();
  EXPECT_EQ(failed->status, Status::kInternal);
  EXPECT_NE(failed->message.find("out of order"), std::string::npos);
  EXPECT_EQ(log_.shapes.size(), 1U) << "the rest of a failed request must not be computed";
  expect_sums(*submit({5}, true), {5});
}

TEST_F(SchedulerTest, ABatchThatIsNotFullWaits) {
  use({.batch_wait = std::chrono::microseconds(300000000)});
  submit({5}, true);
  ASSERT_TRUE(loop_.run_one());  // decides to wait
  EXPECT_TRUE(finished_.empty());
  ASSERT_EQ(loop_.delays.size(), 1U);
  EXPECT_LE(loop_.delays[0], std::chrono::microseconds(300000000));
  submit(std::vector<std::int64_t>(30, 20));  // fills it
  loop_.run_all();
  EXPECT_FALSE(log_.shapes.empty());
}

TEST_F(SchedulerTest, AJobKeepsTheModelItWasAdmittedTo) {
  use({});
  const auto before = submit({4});
  SumLog other;
  model_ = sum_model(other);
  const auto after = submit({4});
  loop_.run_all();
  expect_sums(*before, {4});
  expect_sums(*after, {4});
  EXPECT_EQ(log_.shapes.size(), 1U);
  EXPECT_EQ(other.shapes.size(), 1U);
}

TEST_F(SchedulerTest, ManyThreadsLoseNothing) {
  use({.workers = 3, .batch_tokens = 128, .pad_dynamic = true, .queue_factor = 100000});
  constexpr int kJobs = 400;
  std::atomic<int> submitting{4};
  std::vector<std::shared_ptr<Job>> jobs(kJobs);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = t; i < kJobs; i += 4) {
        jobs[static_cast<std::size_t>(i)] = submit({1 + i % 40, 1 + i % 7}, i % 3 == 0);
      }
      --submitting;
    });
  }
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      while (submitting > 0 || loop_.size() > 0) {
        loop_.run_one();
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  loop_.run_all();
  EXPECT_EQ(finished_.size(), static_cast<std::size_t>(kJobs));
  for (int i = 0; i < kJobs; ++i) {
    expect_sums(*jobs[static_cast<std::size_t>(i)], {1 + i % 40, 1 + i % 7});
  }
}

TEST_F(SchedulerTest, WhatIsNoNumberFailsItsOwnJobOnly) {
  for (const float wrong :
       {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    log_.instead = wrong;
    use({});
    const auto bad = submit(std::vector<std::int64_t>(9, 2));
    const auto good = submit({2, 2});
    loop_.run_all();
    EXPECT_EQ(log_.batches(), 1U) << "both in one batch";
    EXPECT_EQ(bad->status, Status::kInternal);
    EXPECT_EQ(bad->message.find("sum[8]: the graph computed NaN or infinity; send"), 0U)
        << bad->message;
    expect_sums(*good, {2, 2});
    log_.shapes.clear();
  }
}

}  // namespace
}  // namespace tensor_service
