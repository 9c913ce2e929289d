// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Requests of experiments when a ranker fails, has no room, or is only a shadow. What is answered
// and recorded when all is well is compared with the Pipeline by test_experiments.py.

#include "service/experiments.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "service/text_service.h"
#include "text_model.h"

namespace tensor_service {
namespace {

namespace fs = std::filesystem;

// The unit "u" is listed for the cross-encoder, "s" for the first variant.
Plan plan_of(const std::string& mode, const std::string& fallback) {
  ExperimentConfig one;
  one.name = "ab";
  one.mode = mode;
  one.variants = {{"a", "pairwise", "", 1.0}, {"b", "cross_encoder", "", 1.0}};
  one.coverage = 0.0;
  one.fallback = fallback;
  one.allow_list = {{"u", mode == "split" ? "b" : mode == "shadow" ? "a" : "interleaved"}};
  return make_plan({one}, {}, {{"pairwise", {"sum"}}, {"cross_encoder", {"sum"}}});
}

class ExperimentsTest : public ::testing::Test {
 protected:
  explicit ExperimentsTest(const SchedulerOptions& options = {})
      : scheduler_(options,
                   {[this](std::function<void()> work) {
                      const std::lock_guard lock(mutex_);
                      posted_.push_back(std::move(work));
                    },
                    [](std::chrono::microseconds, const std::function<void()>&) {}},
                   metrics_) {
    std::string name = (fs::temp_directory_path() / "experiments-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    ExposuresConfig exposures;
    exposures.directory = directory_.string();
    experiments_.emplace(
        exposures, TextLimits{}, 1U << 20U, [this] { return served_; }, scheduler_);
    texts_.emplace(TextLimits{}, RankerNames{}, 1U << 20U, 1, scheduler_, metrics_, &*experiments_);
    served_->models[1]->lane = 1;
  }
  ~ExperimentsTest() override {
    texts_.reset();
    experiments_.reset();
    fs::remove_all(directory_);
  }

  void begin(const std::string& mode, const std::string& fallback = "") {
    experiments_->router().change(plan_of(mode, fallback));
  }

  // Status and body.
  std::string asked(bool dry_run = false) {
    Call call;
    if (dry_run) {
      call.fields.dry_run = "true";
    }
    std::string told;
    handle(std::move(call), [&](std::string text) { told = std::move(text); });
    run_until([&] { return !told.empty(); });
    return told;
  }

  void handle(Call&& call, const std::function<void(std::string)>& take) {
    call.is_http = true;
    call.body = R"({"query": "a", "documents": ["a", "a a"], "unit_id": "u", "request_id": "r"})";
    texts_->handle(std::move(call), "/rerank", served_, false, [take](Reply&& reply) {
      take(std::to_string(reply.http_status.value_or(0)) + " " + reply.body);
    });
  }

  bool run_posted() {
    std::function<void()> work;
    {
      const std::lock_guard lock(mutex_);
      if (posted_.empty()) {
        return false;
      }
      work = std::move(posted_.front());
      posted_.pop_front();
    }
    work();
    return true;
  }

  // Computes what is posted until it is so.
  void run_until(const std::function<bool()>& is_so) {
    while (!is_so()) {
      if (!run_posted()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    }
  }

  bool told(const std::string& metric) const {
    return experiments_->metrics_text().find(metric + "\n") != std::string::npos;
  }

  // All lines that were recorded.
  std::string recorded() {
    texts_.reset();
    experiments_.reset();
    std::string lines;
    for (const auto& entry : fs::directory_iterator(directory_)) {
      std::ifstream file(entry.path());
      lines.append(std::istreambuf_iterator<char>(file), {});
    }
    return lines;
  }

  std::mutex mutex_;
  std::deque<std::function<void()>> posted_;
  Metrics metrics_;
  Scheduler scheduler_;
  SumLog pairwise_, cross_encoder_;
  std::shared_ptr<ServedModels> served_ = std::make_shared<ServedModels>(
      ServedModels{{text_model(pairwise_, "pairwise"), text_model(cross_encoder_)}});
  fs::path directory_;
  std::optional<Experiments> experiments_;
  std::optional<TextService> texts_;
};

void expect_parts(const std::string& text, std::initializer_list<const char*> parts) {
  for (const char* part : parts) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " is not in " << text;
  }
}

TEST_F(ExperimentsTest, TheFallbackAnswersForARankerThatFails) {
  begin("split", "pairwise");
  cross_encoder_.fail = true;
  expect_parts(asked(), {"200 ", R"("ranker":"pairwise")", R"("variant":"b")"});
  EXPECT_TRUE(told(
      R"(ranking_routed_total{experiment="ab",fallback="true",ranker="pairwise",variant="b"} 1)"));
  expect_parts(recorded(),
               {R"("assigned_ranker":"cross_encoder")", R"("served_ranker":"pairwise")",
                R"("err_no":0,"documents":2,"order":[1,0])", R"("reason":"allow_list")"});
}

TEST_F(ExperimentsTest, AFallbackThatFailsTooIsAnError) {
  begin("split", "pairwise");
  cross_encoder_.fail = pairwise_.fail = true;
  expect_parts(asked(), {"500 ", "inference_failed"});
  expect_parts(recorded(), {R"("served_ranker":"")", R"("err_no":9000)", R"("order":[])"});
}

TEST_F(ExperimentsTest, WithoutAFallbackTheRefusalIsRecorded) {
  begin("split");
  cross_encoder_.fail = true;
  expect_parts(asked(), {"500 "});
  EXPECT_TRUE(
      told(R"(ranking_routed_total{experiment="ab",fallback="false",ranker="",variant="b"} 1)"));
  expect_parts(recorded(), {R"("err_no":9000)"});
}

TEST_F(ExperimentsTest, OfTwoOrdersOneAloneIsAnAnswer) {
  begin("interleave");
  cross_encoder_.fail = true;
  const std::string body = asked();
  expect_parts(body, {"200 ", R"("ranker":"pairwise")", R"("variant":"interleaved")"});
  EXPECT_EQ(body.find("team"), std::string::npos);
  EXPECT_TRUE(told(R"(ranking_routed_total{experiment="ab",fallback="false",)"
                   R"(ranker="pairwise",variant="interleaved"} 1)"));
}

TEST_F(ExperimentsTest, ADryRunLeavesNoTrace) {
  begin("split");
  expect_parts(asked(true), {"200 ", R"("variant":"b")"});
  EXPECT_FALSE(told(R"(ranking_routed_total{experiment="ab",fallback="false",)"
                    R"(ranker="cross_encoder",variant="b"} 1)"));
  const TrafficSnapshot seen = experiments_->traffic().snapshot();
  ASSERT_EQ(seen.lines.size(), 1U);
  EXPECT_EQ(seen.lines.begin()->first, (TrafficLine{"", "", "cross_encoder"}));
  EXPECT_EQ(recorded(), "");
}

TEST_F(ExperimentsTest, AShadowIsComparedAfterTheAnswer) {
  begin("shadow");
  expect_parts(asked(), {"200 ", R"("ranker":"pairwise")"});
  run_until([&] { return told(R"(ranking_shadowed_total{outcome="scored"} 1)"); });
  expect_parts(recorded(),
               {R"("kind":"shadow")", R"("shadow_ranker":"cross_encoder")",
                R"("err_no":0,"documents":2,"kendall_tau":1.0,"top1_same":1,"top10_overlap":1.0)"});
}

TEST_F(ExperimentsTest, AShadowThatFailsIsRecordedWithItsError) {
  begin("shadow");
  cross_encoder_.fail = true;
  expect_parts(asked(), {"200 "});
  run_until([&] { return told(R"(ranking_shadowed_total{outcome="failed"} 1)"); });
  expect_parts(recorded(), {R"("err_no":9000,"documents":2,"kendall_tau":0.0)"});
}

// One is being scored, for which nothing is computed yet, and eight wait.
TEST_F(ExperimentsTest, ShadowsThatAreTooManyAreDropped) {
  begin("shadow");
  RankRequest request;
  request.queries = {"a"};
  request.titles = {"a", "a a"};
  const Route route = *experiments_->router().plan()->choose("u", 1.0).route;
  for (int i = 0; i < 12; ++i) {
    experiments_->shadow(request, route, {"pairwise", "sum", {0.5, 0.25}, {}, {0, 1}});
  }
  const auto dropped = [&](int count) {
    return told("ranking_shadowed_total{outcome=\"dropped\"} " + std::to_string(count));
  };
  EXPECT_TRUE(dropped(3) || dropped(4));
  run_until([&] {
    return told("ranking_shadowed_total{outcome=\"scored\"} " + std::to_string(dropped(3) ? 9 : 8));
  });
}

class FullLaneTest : public ExperimentsTest {
 protected:
  FullLaneTest() : ExperimentsTest({.queue_tokens = 1}) {}
};

// The first waits in the cross-encoder's queue, which is full by that.
TEST_F(FullLaneTest, TheFallbackAnswersForAQueueThatIsFull) {
  begin("split", "pairwise");
  handle(Call(), [](const std::string&) {});
  expect_parts(asked(), {R"("ranker":"pairwise")", R"("variant":"b")"});
}

TEST_F(ExperimentsTest, PathsAreAnswered) {
  begin("split");
  const auto ask = [&](const char* method, const char* path, const char* body) {
    Call call;
    call.is_http = true;
    call.method = method;
    call.query = "unit_id=u";
    call.body = body;
    std::string told;
    texts_->handle(std::move(call), path, served_, true, [&](Reply&& reply) {
      told = std::to_string(reply.http_status.value_or(0)) + " " + reply.body;
    });
    return told;
  };
  expect_parts(ask("GET", "/v1/assignments", ""), {R"(200 {"unit":"u","experiment":"ab")"});
  expect_parts(ask("POST", "/v1/assignments", "{"),
               {R"(400 {"error":{"code":"malformed_request")"});
  expect_parts(ask("POST", "/v1/interleave", R"({"orders": [[0], [0]]})"), {R"(200 {"order":[0])"});
  expect_parts(ask("GET", "/v1/traffic", ""), {R"("default_ranker":"pairwise")"});
  expect_parts(ask("POST", "/feedback", R"({"request_id": "r", "clicks": [0]})"),
               {R"(200 {"err_no":0,"err_msg":"","key":["request_id"],"value":["r"])"});
  expect_parts(ask("PUT", "/v1/traffic", ""), {"405 "});
  expect_parts(recorded(), {R"("clicks":[0])"});
}

}  // namespace
}  // namespace tensor_service
