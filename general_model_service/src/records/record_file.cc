// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "records/record_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <system_error>
#include <utility>

#include "report/log.h"

namespace tensor_service {
namespace {

[[noreturn]] void fail() { throw std::system_error(errno, std::generic_category()); }

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%S", &parts);
  return text.data();
}

std::string four_digits(unsigned number) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%04u", number);
  return text.data();
}

}  // namespace

RecordFile::RecordFile(std::string name, std::filesystem::path directory,
                       const ExposuresConfig& config)
    : name_(std::move(name)), directory_(std::move(directory)), config_(config) {}

void RecordFile::write(const std::string& lines) {
  if (file_ >= 0 && !in_place()) {
    log_line(name_ + ": " + path_.string() + " was removed; beginning another");
    close();
  }
  const auto most = static_cast<std::size_t>(config_.max_file_bytes);
  if (file_ >= 0 && size_ > 0 && size_ + lines.size() > most) {
    close();
  }
  if (file_ < 0) {
    open();
  }
  append(lines);
  size_ += lines.size();
  unsynced_ = true;
  if (config_.fsync == Fsync::kAlways) {
    sync_or_take_back(lines.size());
  }
}

// Lines that are not known to be on the disk are written once more, to another file: here they are
// taken out again.
void RecordFile::sync_or_take_back(std::size_t bytes) {
  try {
    sync();
  } catch (const std::system_error&) {
    size_ -= bytes;
    if (::ftruncate(file_, static_cast<off_t>(size_)) != 0) {
      log_line(name_ + ": " + path_.string() + " may hold lines that stand in the next file too");
    }
    throw;
  }
}

void RecordFile::append(const std::string& lines) {
  for (std::size_t done = 0; done < lines.size();) {
    const ssize_t count = ::write(file_, lines.data() + done, lines.size() - done);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      const int reason = errno;
      // half a line must not stay: what follows would be glued to it
      if (::ftruncate(file_, static_cast<off_t>(size_)) != 0) {
        log_line(name_ + ": " + path_.string() + " may end in half a line");
      }
      errno = reason;
      fail();
    }
    done += static_cast<std::size_t>(count);
  }
}

// Whether the file is still where readers look for it.
bool RecordFile::in_place() const {
  struct stat there {};
  struct stat here {};
  return ::stat(path_.c_str(), &there) == 0 && ::fstat(file_, &here) == 0 &&
         there.st_dev == here.st_dev && there.st_ino == here.st_ino;
}

// Another process, in a container of its own, may have the same number.
void RecordFile::open() {
  // it may have been removed since the start
  std::filesystem::create_directories(directory_);
  const std::string begin = name_ + "-" + utc_now() + "-" + std::to_string(::getpid()) + "-";
  while (file_ < 0) {
    path_ = directory_ / (begin + four_digits(++number_) + ".jsonl");
    file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0640);
    if (file_ < 0 && errno != EEXIST) {
      fail();
    }
  }
  size_ = 0;
}

void RecordFile::sync() {
  if (::fsync(file_) != 0) {
    fail();
  }
  unsynced_ = false;
  synced_at_ = std::chrono::steady_clock::now();
}

void RecordFile::sync_if_due() {
  const std::chrono::duration<double> interval(config_.fsync_interval_s);
  const bool due = std::chrono::steady_clock::now() - synced_at_ >= interval;
  if (!unsynced_ || config_.fsync != Fsync::kInterval || !due) {
    return;
  }
  try {
    sync();
  } catch (const std::system_error& error) {
    log_line(name_ + ": cannot sync (" + error.code().message() + ")");
    close();
  }
}

void RecordFile::close() {
  if (file_ < 0) {
    return;
  }
  ::fsync(file_);
  ::close(file_);
  if (size_ == 0) {
    ::unlink(path_.c_str());
  }
  file_ = -1;
  unsynced_ = false;
}

}  // namespace tensor_service
