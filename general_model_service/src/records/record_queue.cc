// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "records/record_queue.h"

#include <algorithm>

namespace tensor_service {
namespace {

constexpr std::size_t kBatch = 512;

}  // namespace

bool RecordLog::Queue::offer(Record record) {
  const auto bytes = static_cast<std::int64_t>(memory_of(record));
  {
    const std::lock_guard lock(mutex_);
    const auto waiting = static_cast<std::int64_t>(records_.size());
    if (stopping_ || waiting >= most_ || figures_.waiting_bytes + bytes > most_bytes_) {
      ++figures_.lost;
      return false;
    }
    records_.push_back(std::move(record));
    figures_.waiting_bytes += bytes;
  }
  changed_.notify_all();
  return true;
}

RecordFigures RecordLog::Queue::figures() const {
  const std::lock_guard lock(mutex_);
  RecordFigures figures = figures_;
  figures.waiting = static_cast<std::int64_t>(records_.size());
  return figures;
}

std::optional<std::vector<Record>> RecordLog::Queue::take(std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, wait, [this] { return stopping_ || !records_.empty(); });
  if (stopping_ && records_.empty()) {
    return std::nullopt;
  }
  const auto count = static_cast<std::ptrdiff_t>(std::min(kBatch, records_.size()));
  std::vector<Record> batch(std::make_move_iterator(records_.begin()),
                            std::make_move_iterator(records_.begin() + count));
  records_.erase(records_.begin(), records_.begin() + count);
  return batch;
}

void RecordLog::Queue::give_back(std::int64_t bytes) {
  const std::lock_guard lock(mutex_);
  figures_.waiting_bytes -= bytes;
}

void RecordLog::Queue::written(std::size_t records) {
  const std::lock_guard lock(mutex_);
  figures_.written += static_cast<std::int64_t>(records);
}

void RecordLog::Queue::lost(std::size_t records) {
  const std::lock_guard lock(mutex_);
  figures_.lost += static_cast<std::int64_t>(records);
}

bool RecordLog::Queue::wait_stopping(std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, wait, [this] { return stopping_; });
}

void RecordLog::Queue::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
}

void RecordLog::Queue::end() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
}

std::optional<std::size_t> RecordLog::Queue::wait_ended(std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  if (changed_.wait_for(lock, wait, [this] { return ended_; })) {
    return std::nullopt;
  }
  const std::size_t left = records_.size();
  figures_.lost += static_cast<std::int64_t>(left);
  records_.clear();
  return left;
}

}  // namespace tensor_service
