// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Writes records to disk as JSON lines, off the path of requests, as
// pipeline/records/jsonl_writer.py does. A queue bounded in records and bytes, and one writer
// thread. What does not fit into the queue is counted and dropped; a disk that refuses (full, gone)
// is tried again every second while the queue holds what comes. Files are append-only,
// <name>-<UTC>-<pid>-<number>.jsonl, and end when they have grown.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "records/record.h"

namespace tensor_service {

enum class Fsync { kAlways, kInterval, kNever };

// The key exposures of config_nlp.yml.
struct ExposuresConfig {
  std::optional<std::string> directory;  // without, nothing is recorded and feedback is refused
  std::int64_t max_file_bytes = 64 << 20;
  std::int64_t max_queue = 20'000;
  std::int64_t max_queue_bytes = 64 << 20;
  Fsync fsync = Fsync::kInterval;
  double fsync_interval_s = 1.0;
  std::int64_t max_positions = 50;
  bool keep_texts = false;
  std::int64_t shadow_threads = 1;
};

// What became of the records of one log.
struct RecordFigures {
  std::int64_t written = 0;
  std::int64_t lost = 0;  // never on disk
  std::int64_t waiting = 0;
  std::int64_t waiting_bytes = 0;
};

class RecordLog {
 public:
  // The directory is made; start() begins to write. Throws std::filesystem::filesystem_error where
  // it cannot be.
  RecordLog(std::string name, std::filesystem::path directory, const ExposuresConfig& config);
  // Writes and syncs what is queued; what is not written in time is counted as lost.
  ~RecordLog();
  RecordLog(const RecordLog&) = delete;
  RecordLog& operator=(const RecordLog&) = delete;

  void start();
  // Queues a record without waiting; whether there was room. Any thread.
  bool offer(Record record);
  void stop(std::chrono::milliseconds timeout);
  RecordFigures figures() const;

 private:
  class Queue;

  // of the writer too, which a disk may hold up longer than this lives
  std::shared_ptr<Queue> queue_;
  const std::string name_;
  const std::filesystem::path directory_;
  const ExposuresConfig config_;
  std::thread writer_;
};

}  // namespace tensor_service
