// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Bundles share the engines: what one has waiting neither delays nor refuses the other's.

#include "scheduling/lanes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

#include "scheduling/scheduler.h"
#include "sum_model.h"

namespace tensor_service {
namespace {

std::shared_ptr<Job> waiting(std::int64_t tokens) {
  auto job = std::make_shared<Job>();
  job->pending = {0};
  job->pending_tokens = tokens;
  return job;
}

// Serves whose turn it is, batches of 100 tokens of so many microseconds; how long each got.
std::vector<double> served(Lanes& lanes, const std::vector<double>& took, int batches) {
  std::vector<double> got(took.size());
  for (int i = 0; i < batches; ++i) {
    Lane* const next = lanes.by_turn().front();
    const auto number = static_cast<std::size_t>(next == &lanes.at(0) ? 0 : 1);
    const double charged = lanes.charge(*next, 100);
    lanes.settle(*next, 100, charged, took[number]);
    got[number] += took[number];
  }
  return got;
}

TEST(Lanes, ShareTimeAndNotBatches) {
  Lanes lanes;
  for (std::size_t number = 0; number < 2; ++number) {
    lanes.add(lanes.at(number), 1, waiting(100));
  }
  const std::vector<double> got = served(lanes, {1000.0, 100.0}, 1100);
  EXPECT_NEAR(got[0], got[1], 1000.0);
  EXPECT_GT(got[0], 90'000.0);
}

TEST(Lanes, WhoHadNothingToDoSavesNoClaim) {
  Lanes lanes;
  lanes.add(lanes.at(0), 1, waiting(100));
  lanes.at(1);
  EXPECT_EQ(served(lanes, {1000.0, 1000.0}, 50)[1], 0.0);
  lanes.add(lanes.at(1), 1, waiting(100));
  const std::vector<double> got = served(lanes, {1000.0, 1000.0}, 20);
  EXPECT_EQ(got[0], 10'000.0);
  EXPECT_EQ(got[1], 10'000.0);
}

// Several workers take batches before the first has ended.
TEST(Lanes, ABatchCountsFromItsBeginning) {
  Lanes lanes;
  for (std::size_t number = 0; number < 2; ++number) {
    lanes.add(lanes.at(number), 1, waiting(100));
  }
  served(lanes, {100.0, 100.0}, 10);
  Lane* const first = lanes.by_turn().front();
  lanes.charge(*first, 100);
  EXPECT_NE(lanes.by_turn().front(), first);
}

// Both bundles, one worker; work runs when a test says so.
class SharedSchedulerTest : public ::testing::Test {
 protected:
  void use(const SchedulerOptions& options) {
    for (std::size_t lane = 0; lane < 2; ++lane) {
      models_.push_back(sum_model(log_));
      models_.back()->lane = lane;
    }
    scheduler_ = std::make_unique<Scheduler>(
        options,
        Scheduler::Executor{[this](std::function<void()> work) { posted_.push_back(work); },
                            [](std::chrono::microseconds, const std::function<void()>&) {}},
        metrics_);
  }

  void submit(std::size_t lane, std::int64_t length) {
    auto job = make_job(rows_request({length}), models_[lane], false);
    job->decoded = Clock::now();
    job->on_done = [this, lane](Job& done) {
      EXPECT_EQ(done.status, Status::kOk) << done.message;
      order_.push_back(lane);
    };
    scheduler_->submit(job, false);
  }

  // Until the first refusal.
  int flood(std::size_t lane, std::int64_t length) {
    for (int taken = 0; taken < 100'000; ++taken) {
      try {
        submit(lane, length);
      } catch (const CallError& error) {
        EXPECT_EQ(error.status(), Status::kOverloaded);
        return taken;
      }
    }
    return -1;
  }

  void run_all() {
    while (!posted_.empty()) {
      const auto work = std::move(posted_.front());
      posted_.pop_front();
      work();
    }
  }

  SumLog log_;
  Metrics metrics_;
  std::vector<std::shared_ptr<Model>> models_;
  std::deque<std::function<void()>> posted_;
  std::unique_ptr<Scheduler> scheduler_;
  std::vector<std::size_t> order_;  // lanes of the jobs that are done
};

TEST_F(SharedSchedulerTest, AFloodForOneRefusesNothingOfTheOther) {
  use({.batch_tokens = 10, .queue_tokens = 1000});
  EXPECT_GT(flood(0, 10), 50);
  EXPECT_THROW(scheduler_->check_lane(0), CallError);
  EXPECT_NO_THROW(scheduler_->check_lane(1));
  EXPECT_NO_THROW(scheduler_->check_room(2));
  EXPECT_THROW(scheduler_->check_room(1), CallError);
  submit(1, 10);
  submit(1, 10);
  run_all();
  EXPECT_EQ(std::count(order_.begin(), order_.end(), 1U), 2);
}

TEST_F(SharedSchedulerTest, AFloodForOneDelaysNothingOfTheOther) {
  use({.batch_tokens = 10});
  EXPECT_GT(flood(0, 10), 50);
  submit(1, 10);
  run_all();
  const auto found = std::find(order_.begin(), order_.end(), 1U);
  EXPECT_LE(found - order_.begin(), 2);
}

TEST_F(SharedSchedulerTest, RowsOfAQueueAreBounded) {
  use({.queue_rows = 7});
  EXPECT_EQ(flood(0, 1), 7);
  EXPECT_EQ(flood(1, 1), 7);
  run_all();
  EXPECT_EQ(scheduler_->queued_tokens(), 0);
  EXPECT_EQ(flood(0, 1), 7);
  run_all();
}

// Half of the engines' time makes a wait of the same length from half of the tokens.
TEST_F(SharedSchedulerTest, WhoSharesWaitsNoLonger) {
  use({.queue_floor = 0});
  const int alone = flood(0, 10);
  run_all();
  submit(1, 10);
  const int shared = flood(0, 10);
  EXPECT_NEAR(shared, alone / 2, 2);
  run_all();
}

TEST_F(SharedSchedulerTest, ACancelOfTheLeadIsThatOfAll) {
  use({});
  auto lead = make_job(rows_request({3}), models_[0], false);
  auto other = make_job(rows_request({3}), models_[1], false);
  other->lead = lead;
  int cancelled = 0;
  for (const auto& job : {lead, other}) {
    job->on_done = [&](Job& done) { cancelled += done.status == Status::kCancelled ? 1 : 0; };
    scheduler_->submit(job, false);
  }
  lead->cancelled = true;
  run_all();
  EXPECT_EQ(cancelled, 2);
  EXPECT_EQ(log_.batches(), 0U);
}

}  // namespace
}  // namespace tensor_service
