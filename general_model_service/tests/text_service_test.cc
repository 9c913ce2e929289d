// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// What the service does with calls that carry texts when something fails or there is no room. What
// it answers when all is well is compared by tests/general_model_service/test_texts.py.

#include "service/text_service.h"

#include <gtest/gtest.h>

#include <deque>
#include <stdexcept>
#include <string>

#include "text_model.h"

namespace tensor_service {
namespace {

constexpr const char* kOne = R"({"query": "a", "documents": ["a"]})";

class TextServiceTest : public ::testing::Test {
 protected:
  explicit TextServiceTest(const SchedulerOptions& options = {})
      : scheduler_(options,
                   {[this](std::function<void()> work) { posted_.push_back(std::move(work)); },
                    [](std::chrono::microseconds, const std::function<void()>&) {}},
                   metrics_),
        texts_({}, {}, 1U << 20U, 1, scheduler_, metrics_, nullptr) {}

  std::shared_ptr<Job> handle(std::string body, bool alone, TextService::Done done) {
    Call call;
    call.is_http = true;
    call.body = std::move(body);
    return texts_.handle(std::move(call), "/rerank", served_, alone, std::move(done));
  }

  // The status that HTTP has of it.
  int asked(std::string body, bool alone = true) {
    int status = 0;
    handle(std::move(body), alone, [&](Reply&& reply) { status = reply.http_status.value_or(0); });
    return status;
  }

  void run_posted() {
    while (!posted_.empty()) {
      const auto work = std::move(posted_.front());
      posted_.pop_front();
      work();
    }
  }

  Metrics metrics_;
  std::deque<std::function<void()>> posted_;
  Scheduler scheduler_;
  TextService texts_;
  SumLog log_;
  std::shared_ptr<const ServedModels> served_ =
      std::make_shared<ServedModels>(ServedModels{{text_model(log_)}});
};

TEST_F(TextServiceTest, RanksTexts) { EXPECT_EQ(asked(kOne), 200); }

// An exception would leave the engine in use for ever, or end the process.
TEST_F(TextServiceTest, LetsNothingOutThatAnAnswerThrows) {
  int answers = 0;
  const auto fail = [&](Reply&&) {
    ++answers;
    throw std::length_error("too long");
  };
  handle(kOne, true, fail);
  EXPECT_EQ(answers, 1);
  handle("{", true, fail);
  EXPECT_EQ(answers, 2);
  handle(kOne, false, fail);
  run_posted();
  EXPECT_EQ(answers, 3);
  EXPECT_EQ(asked(kOne), 200);
}

TEST_F(TextServiceTest, AnswersOnceWhenItsJobCannotBePosted) {
  Scheduler broken({},
                   {[](const std::function<void()>&) { throw std::length_error("no thread"); },
                    [](std::chrono::microseconds, const std::function<void()>&) {}},
                   metrics_);
  TextService texts({}, {}, 1U << 20U, 1, broken, metrics_, nullptr);
  Call call;
  call.is_http = true;
  call.body = kOne;
  std::vector<Reply> replies;
  texts.handle(std::move(call), "/rerank", served_, false,
               [&](Reply&& reply) { replies.push_back(std::move(reply)); });
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(replies[0].status, Status::kInternal);
  EXPECT_EQ(replies[0].body, R"({"error":"internal","message":"the service failed"})");
  broken.abandon();
}

TEST_F(TextServiceTest, FailsWhenTheGraphDoes) {
  log_.fail = true;
  EXPECT_EQ(asked(kOne), 500);
  log_.fail = false;
  EXPECT_EQ(asked(kOne), 200);
}

std::string large() {
  return R"({"query": "a", "documents": ["a"], "user": ")" + std::string(300'000, 'a') + "\"}";
}

// Both large bodies need the one place; a small one needs none.
TEST_F(TextServiceTest, ReadsFewLargeBodiesAtOnce) {
  EXPECT_EQ(asked(large()), 200);
  EXPECT_EQ(asked(large()), 200);
  TextService none({}, {}, 1U << 20U, 0, scheduler_, metrics_, nullptr);
  for (const auto& [body, expected] :
       {std::pair{large(), 429}, std::pair{std::string(kOne), 200}}) {
    Call call;
    call.is_http = true;
    call.body = body;
    int status = 0;
    none.handle(std::move(call), "/rerank", served_, true,
                [&](Reply&& reply) { status = reply.http_status.value_or(0); });
    EXPECT_EQ(status, expected);
  }
}

// A caller that sends the next one as soon as it has an answer is no second caller.
TEST_F(TextServiceTest, GivesALargeBodysPlaceBackBeforeItAnswers) {
  for (const std::string& body : {"{" + large(), large()}) {
    std::vector<int> statuses;
    const auto status = [](const Reply& reply) { return reply.http_status.value_or(0); };
    handle(body, true, [&](Reply&& reply) {
      statuses.push_back(status(reply));
      handle(body, true, [&](Reply&& next) { statuses.push_back(status(next)); });
    });
    run_posted();
    EXPECT_EQ(statuses, std::vector<int>(2, body[1] == '{' ? 400 : 200));
  }
}

constexpr const char* kBoth = R"({"query": "a", "documents": ["a", "a"], "ranker": "both"})";

// Two rankers, each with a queue of its own.
class BothRankersTest : public TextServiceTest {
 protected:
  explicit BothRankersTest(const SchedulerOptions& options = {}) : TextServiceTest(options) {
    auto pairwise = text_model(pairwise_log_);
    pairwise->bundle.manifest->ranker = "pairwise";
    pairwise->lane = 1;
    auto served = std::make_shared<ServedModels>(*served_);
    served->models.push_back(std::move(pairwise));
    served_ = std::move(served);
  }

  std::shared_ptr<Job> predict(std::string body) {
    Call call;
    call.is_http = true;
    call.body = std::move(body);
    return texts_.handle(std::move(call), "/ranker/prediction", served_, true,
                         [this](Reply&& reply) {
                           statuses_.push_back(reply.http_status.value_or(0));
                           body_ = std::move(reply.body);
                         });
  }

  // All that a request held is given back.
  void expect_nothing_held() { EXPECT_EQ(served_.use_count(), 1); }

  SumLog pairwise_log_;
  std::vector<int> statuses_;
  std::string body_;
};

TEST_F(BothRankersTest, AnswerOnceWithBoth) {
  predict(kBoth);
  EXPECT_TRUE(statuses_.empty());
  run_posted();
  EXPECT_EQ(statuses_, std::vector<int>{200});
  EXPECT_NE(body_.find("\"both\""), std::string::npos);
  EXPECT_NE(body_.find("pairwise"), std::string::npos);
  EXPECT_EQ(log_.batches(), 1U);
  EXPECT_EQ(pairwise_log_.batches(), 1U);
  expect_nothing_held();
}

TEST_F(BothRankersTest, OneThatFailsFailsTheRequest) {
  pairwise_log_.fail = true;
  predict(kBoth);
  run_posted();
  EXPECT_EQ(statuses_, std::vector<int>{500});
  expect_nothing_held();
}

TEST_F(BothRankersTest, AreCancelledTogether) {
  predict(kBoth)->cancelled = true;
  run_posted();
  EXPECT_EQ(statuses_, std::vector<int>{499});
  EXPECT_EQ(log_.batches() + pairwise_log_.batches(), 0U);
  expect_nothing_held();
}

class OneFullQueueTest : public BothRankersTest {
 protected:
  OneFullQueueTest() : BothRankersTest({.batch_wait = std::chrono::seconds(1), .queue_rows = 2}) {}
};

TEST_F(OneFullQueueTest, WhereOneIsRefusedTheOtherIsNotComputed) {
  predict(R"({"query": "a", "documents": ["a"], "ranker": "pairwise"})");
  predict(kBoth);
  EXPECT_EQ(statuses_, std::vector<int>{429});
  run_posted();
  EXPECT_EQ(log_.batches(), 0U);
  EXPECT_EQ(scheduler_.queued_tokens(0), 0);
}

class FullQueueTest : public TextServiceTest {
 protected:
  FullQueueTest() : TextServiceTest({.queue_tokens = 1}) {}
};

TEST_F(FullQueueTest, NothingIsReadForAFullQueue) {
  EXPECT_EQ(asked("{", false), 400);
  EXPECT_EQ(asked(kOne, false), 0);  // waits
  EXPECT_EQ(asked("{", false), 429);
  run_posted();
  EXPECT_EQ(asked("{", false), 400);
}

}  // namespace
}  // namespace tensor_service
