// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The writer of records: rotation, a full queue, a disk that refuses, a directory that goes.

#include "records/record_log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <thread>

namespace tensor_service {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

class RecordLogTest : public testing::TestWithParam<Fsync> {
 protected:
  RecordLogTest() {
    std::string name = (fs::temp_directory_path() / "record-log-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }
  ~RecordLogTest() override { fs::remove_all(directory_); }

  static Record numbered(int number) { return Feedback{1.0, std::to_string(number), {1, 2}, {}}; }

  std::vector<fs::path> files() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(directory_)) {
      found.push_back(entry.path());
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  std::string lines() const {
    std::string all;
    for (const fs::path& path : files()) {
      std::ifstream file(path);
      all.append(std::istreambuf_iterator<char>(file), {});
    }
    return all;
  }

  static std::string lines_of(int from, int to) {
    std::string all;
    for (int number = from; number < to; ++number) {
      all += line_of(numbered(number));
    }
    return all;
  }

  // Until it is so; a test that waits in vain ends with the runner's limit.
  static void wait_until(const std::function<bool()>& is_so) {
    while (!is_so()) {
      std::this_thread::sleep_for(milliseconds(2));
    }
  }

  static void wait_written(const RecordLog& log, std::int64_t count) {
    wait_until([&] { return log.figures().written >= count; });
  }

  fs::path directory_;
};

TEST_P(RecordLogTest, AllRecordsAreWrittenInOrderOverSeveralFiles) {
  directory_ = directory_ / "new" / "one";
  ExposuresConfig config;
  config.max_file_bytes = 4096;
  config.fsync = GetParam();
  RecordLog log("feedback", directory_, config);
  log.start();
  for (int number = 0; number < 300; ++number) {
    ASSERT_TRUE(log.offer(numbered(number)));
    if (number % 100 == 0) {
      wait_written(log, number + 1);
    }
  }
  log.stop(seconds(60));
  EXPECT_EQ(lines(), lines_of(0, 300));
  EXPECT_GT(files().size(), 1U);
  for (const fs::path& file : files()) {
    EXPECT_LE(fs::file_size(file), 4096U);
    EXPECT_TRUE(file.filename().string().starts_with("feedback-2"));
    EXPECT_NE(file.string().find("-" + std::to_string(::getpid()) + "-"), std::string::npos);
  }
  EXPECT_EQ(log.figures().written, 300);
  EXPECT_EQ(log.figures().lost, 0);
  EXPECT_EQ(log.figures().waiting_bytes, 0);
}

INSTANTIATE_TEST_SUITE_P(Modes, RecordLogTest,
                         testing::Values(Fsync::kAlways, Fsync::kInterval, Fsync::kNever));

TEST_F(RecordLogTest, AFullQueueCountsAndGoesOn) {
  ExposuresConfig config;
  config.max_queue = 10;
  RecordLog log("feedback", directory_, config);
  for (int number = 0; number < 15; ++number) {
    EXPECT_EQ(log.offer(numbered(number)), number < 10);
  }
  EXPECT_EQ(log.figures().lost, 5);
  EXPECT_EQ(log.figures().waiting, 10);
  log.start();
  log.stop(seconds(60));
  EXPECT_EQ(lines(), lines_of(0, 10));
  EXPECT_FALSE(log.offer(numbered(99))) << "there is no writer to come";
}

TEST_F(RecordLogTest, RecordsThatWaitAreBoundedInBytes) {
  ExposuresConfig config;
  config.max_queue_bytes = 100'000;
  RecordLog log("feedback", directory_, config);
  int taken = 0;
  for (int i = 0; i < 30; ++i) {
    taken += log.offer(Feedback{1.0, "0", std::vector<std::int64_t>(1000, 7), {}}) ? 1 : 0;
  }
  EXPECT_GE(taken, 1);
  EXPECT_EQ(log.figures().lost, 30 - taken);
  EXPECT_LE(log.figures().waiting_bytes, 100'000);
  log.start();
  wait_written(log, taken);
  wait_until([&] { return log.figures().waiting_bytes == 0; });
  EXPECT_TRUE(log.offer(numbered(1)));
}

TEST_F(RecordLogTest, ARemovedDirectoryIsNoticedAtTheNextRecord) {
  RecordLog log("feedback", directory_, {});
  log.start();
  log.offer(numbered(0));
  wait_written(log, 1);
  fs::remove_all(directory_);
  log.offer(numbered(1));
  wait_written(log, 2);
  log.stop(seconds(60));
  EXPECT_EQ(lines(), lines_of(1, 2));
}

// A file stands where the directory has to be, so that nothing can be written; then it goes.
TEST_F(RecordLogTest, ADiskThatRefusesIsTriedAgain) {
  ExposuresConfig config;
  config.max_queue = 3;
  RecordLog log("feedback", directory_, config);
  fs::remove_all(directory_);
  std::ofstream(directory_) << "in the way";
  log.start();
  ASSERT_TRUE(log.offer(numbered(0)));
  wait_until([&] { return log.figures().waiting == 0; });  // the writer has it
  for (int number = 1; number <= 3; ++number) {
    EXPECT_TRUE(log.offer(numbered(number)));
  }
  EXPECT_FALSE(log.offer(numbered(4)));
  EXPECT_EQ(log.figures().written, 0);
  fs::remove(directory_);
  wait_written(log, 4);
  log.stop(seconds(60));
  EXPECT_EQ(lines(), lines_of(0, 4));
  EXPECT_EQ(log.figures().lost, 1);
}

TEST_F(RecordLogTest, WhatNoDiskTakesIsLostAtTheStop) {
  RecordLog log("feedback", directory_, {});
  fs::remove_all(directory_);
  std::ofstream(directory_) << "in the way";
  log.offer(numbered(0));
  log.start();
  log.stop(seconds(60));
  EXPECT_EQ(log.figures().lost, 1);
  EXPECT_EQ(log.figures().written, 0);
}

TEST_F(RecordLogTest, ADirectoryThatCannotBeMadeIsAnError) {
  const fs::path file = directory_ / "file";
  std::ofstream(file) << "in the way";
  EXPECT_THROW(RecordLog("feedback", file / "records", {}), fs::filesystem_error);
}

}  // namespace
}  // namespace tensor_service
