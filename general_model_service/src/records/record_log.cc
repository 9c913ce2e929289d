// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "records/record_log.h"

#include <system_error>
#include <utility>
#include <vector>

#include "records/record_file.h"
#include "records/record_queue.h"
#include "report/log.h"

namespace tensor_service {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kRetry{1000};
// how long the writer sleeps without records; a stop wakes it
constexpr milliseconds kIdle{200};
constexpr milliseconds kStop{3000};

// Lines in groups that fit into a file; a line that alone does not is one.
struct Portion {
  std::string lines;
  std::size_t count = 0;
};

std::vector<Portion> portions_of(const std::vector<Record>& batch, std::size_t most) {
  std::vector<Portion> portions(1);
  for (const Record& record : batch) {
    const std::string line = line_of(record);
    if (portions.back().count > 0 && portions.back().lines.size() + line.size() > most) {
      portions.emplace_back();
    }
    portions.back().lines += line;
    ++portions.back().count;
  }
  return portions;
}

std::int64_t bytes_of(const std::vector<Record>& batch) {
  std::size_t bytes = 0;
  for (const Record& record : batch) {
    bytes += memory_of(record);
  }
  return static_cast<std::int64_t>(bytes);
}

// The one thread of a log.
template <class Queue>
class Writer {
 public:
  Writer(std::shared_ptr<Queue> queue, std::string name, std::filesystem::path directory,
         const ExposuresConfig& config)
      : queue_(std::move(queue)),
        name_(name),
        directory_(directory.string()),
        most_(static_cast<std::size_t>(config.max_file_bytes)),
        file_(std::move(name), std::move(directory), config) {}

  // Writes until the stop, and then what is left.
  void run() {
    while (const auto batch = queue_->take(kIdle)) {
      if (!batch->empty()) {
        const std::int64_t bytes = bytes_of(*batch);
        for (const Portion& portion : portions_of(*batch, most_)) {
          write(portion);
        }
        queue_->give_back(bytes);
      }
      file_.sync_if_due();
    }
    file_.close();
    queue_->end();
  }

 private:
  // Again and again until the disk takes it; at the stop only once.
  void write(const Portion& portion) {
    bool failed = false;
    while (true) {
      try {
        file_.write(portion.lines);
        break;
      } catch (const std::system_error& error) {
        if (!failed) {
          log_line(name_ + ": cannot write to " + directory_ + " (" + error.code().message() +
                   "); trying again, and counting what is lost (ranking_records_total)");
        }
        failed = true;
        file_.close();
        if (queue_->wait_stopping(kRetry)) {
          queue_->lost(portion.count);
          return;
        }
      }
    }
    if (failed) {
      log_line(name_ + ": written again");
    }
    queue_->written(portion.count);
  }

  const std::shared_ptr<Queue> queue_;
  const std::string name_;
  const std::string directory_;
  const std::size_t most_;
  RecordFile file_;
};

}  // namespace

RecordLog::RecordLog(std::string name, std::filesystem::path directory,
                     const ExposuresConfig& config)
    : queue_(std::make_shared<Queue>(config.max_queue, config.max_queue_bytes)),
      name_(std::move(name)),
      directory_(std::move(directory)),
      config_(config) {
  std::filesystem::create_directories(directory_);
}

void RecordLog::start() {
  auto writer = std::make_shared<Writer<Queue>>(queue_, name_, directory_, config_);
  writer_ = std::thread([writer = std::move(writer)] { writer->run(); });
}

RecordLog::~RecordLog() { stop(kStop); }

bool RecordLog::offer(Record record) { return queue_->offer(std::move(record)); }

void RecordLog::stop(milliseconds timeout) {
  if (!writer_.joinable()) {
    return;
  }
  queue_->stop();
  if (const auto left = queue_->wait_ended(timeout)) {
    log_line(name_ + ": " + std::to_string(*left) + " records are not on disk");
    writer_.detach();  // a disk holds it up
    return;
  }
  writer_.join();
}

RecordFigures RecordLog::figures() const { return queue_->figures(); }

}  // namespace tensor_service
