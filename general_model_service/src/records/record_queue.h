// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Records that wait for the disk, bounded in number and bytes, and what became of all. Between
// those who offer and the one writer of record_log.cc.

#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

#include "records/record_log.h"

namespace tensor_service {

class RecordLog::Queue {
 public:
  Queue(std::int64_t most, std::int64_t most_bytes) : most_(most), most_bytes_(most_bytes) {}

  bool offer(Record record);
  RecordFigures figures() const;

  // What waits, some hundred at most, after waiting so long for the first; nothing when the log was
  // stopped and all is taken.
  std::optional<std::vector<Record>> take(std::chrono::milliseconds wait);
  // Of a batch that was taken: its bytes are free.
  void give_back(std::int64_t bytes);
  void written(std::size_t records);
  void lost(std::size_t records);
  // Waits for the stop, so long at most; whether it came.
  bool wait_stopping(std::chrono::milliseconds wait);

  void stop();
  // The writer has ended.
  void end();
  // Waits for that; when it does not come, what waits is lost, and so many are returned.
  std::optional<std::size_t> wait_ended(std::chrono::milliseconds wait);

 private:
  const std::int64_t most_;
  const std::int64_t most_bytes_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Record> records_;
  RecordFigures figures_;
  bool stopping_ = false;
  bool ended_ = false;
};

}  // namespace tensor_service
