// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "program/reloader.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "program/loading_memory.h"
#include "report/log.h"

namespace tensor_service {
namespace {

namespace fs = std::filesystem;

void append_state(std::string& state, const fs::path& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) == 0 && S_ISREG(info.st_mode)) {
    state += file.filename().string() + " " + std::to_string(info.st_ino) + " " +
             std::to_string(info.st_size) + " " + std::to_string(info.st_mtim.tv_sec) + "." +
             std::to_string(info.st_mtim.tv_nsec) + "\n";
  }
}

void append_folder(std::string& state, const fs::path& folder) {
  std::error_code failed;
  std::vector<fs::path> files;
  for (fs::directory_iterator entry(folder, failed); !failed && entry != fs::directory_iterator();
       entry.increment(failed)) {
    files.push_back(entry->path());
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    append_state(state, file);
  }
}

}  // namespace

std::string files_state(const fs::path& path) {
  std::string state;
  // whatever is there by now, such as a link to itself, is no reason to end
  std::error_code ignored;
  const bool is_server_dir = fs::exists(path / "serving_server_conf.prototxt", ignored) ||
                             fs::exists(path / "serving_server_conf.stream.prototxt", ignored);
  const fs::path server_dir = is_server_dir ? path : path / "serving_server";
  append_folder(state, server_dir);
  for (const char* name : {"manifest.json", "golden.jsonl"}) {
    append_state(state, server_dir / ".." / name);
  }
  return state;
}

Reloader::Reloader(const ModelOptions& options, Service& service, std::chrono::seconds interval,
                   std::string loaded, std::size_t place, Check check)
    : options_(options),
      service_(service),
      interval_(interval),
      place_(place),
      check_(std::move(check)),
      tried_(std::move(loaded)) {
  thread_ = std::thread([this] { run(); });
}

Reloader::~Reloader() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Reloader::request() {
  {
    const std::lock_guard lock(mutex_);
    requested_ = true;
  }
  changed_.notify_one();
}

void Reloader::run() {
  const auto woken = [this] { return stopping_ || requested_; };
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (interval_ == std::chrono::seconds::zero()) {
      changed_.wait(lock, woken);
    } else {
      changed_.wait_for(lock, interval_, woken);
    }
    if (stopping_) {
      return;
    }
    const bool requested = std::exchange(requested_, false);
    lock.unlock();
    const std::string state = files_state(options_.path);
    // files that still change are being copied: wait until two looks agree
    const bool settled = state == last_look_;
    last_look_ = state;
    if (requested || (settled && state != tried_)) {
      tried_ = state;
      reload();
    }
    lock.lock();
  }
}

void Reloader::reload() {
  take_next();
  give_back_loading_memory();
}

void Reloader::take_next() {
  const auto before = service_.model(place_);
  try {
    auto next = load_model(options_);
    if (check_) {
      check_(*next);
    }
    const std::string now = next->version() + " " + next->golden_text();
    service_.set_model(std::move(next), place_);
    service_.metrics().reloads_good.add();
    log_line("bundle " + now + " and answers from now on (before: " + before->version() + ")");
  } catch (const std::exception& error) {
    service_.metrics().reloads_bad.add();
    log_line("bundle refused, " + before->version() + " stays: " + error.what());
  }
}

}  // namespace tensor_service
