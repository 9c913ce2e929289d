// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The files of one log: whole lines are appended to one until it has grown, then to another.
// Called by record_log.cc, from its writer alone.

#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>

#include "records/record_log.h"

namespace tensor_service {

class RecordFile {
 public:
  RecordFile(std::string name, std::filesystem::path directory, const ExposuresConfig& config);
  ~RecordFile() { close(); }
  RecordFile(const RecordFile&) = delete;
  RecordFile& operator=(const RecordFile&) = delete;

  // All of it or nothing. Throws std::system_error.
  void write(const std::string& lines);
  // Where an interval is configured and over.
  void sync_if_due();
  // Synced; an empty file is removed, for a disk that stays full would get one each second.
  void close();

 private:
  bool in_place() const;
  void open();
  void append(const std::string& lines);
  void sync();
  void sync_or_take_back(std::size_t bytes);

  const std::string name_;
  const std::filesystem::path directory_;
  const ExposuresConfig config_;
  int file_ = -1;
  std::filesystem::path path_;
  std::size_t size_ = 0;
  unsigned number_ = 0;
  bool unsynced_ = false;
  std::chrono::steady_clock::time_point synced_at_{};
};

}  // namespace tensor_service
