// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Watches a bundle on disk and hands its next version to the service: at once on request, or when
// its files have changed. A bundle that does not open, compile or score its golden pairs is
// reported and the old one stays.

#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "model/model.h"
#include "service/service.h"

namespace tensor_service {

class Reloader {
 public:
  // Throws for a bundle that is good and may not take over.
  using Check = std::function<void(const Model& next)>;

  // loaded is the state of the files before the service's model was read from them. interval 0
  // watches nothing; request() still works. place: that of the model in the service.
  Reloader(const ModelOptions& options, Service& service, std::chrono::seconds interval,
           std::string loaded, std::size_t place = 0, Check check = {});
  ~Reloader();

  // Any thread; returns at once.
  void request();

 private:
  void run();
  void reload();
  void take_next();

  const ModelOptions options_;
  Service& service_;
  const std::chrono::seconds interval_;
  const std::size_t place_;
  const Check check_;
  std::string tried_;      // state of the files that were loaded or refused last
  std::string last_look_;  // state at the last look
  std::mutex mutex_;
  std::condition_variable changed_;
  bool requested_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

// Names, sizes, times and inodes of the bundle's files: another text means another bundle may be
// there.
std::string files_state(const std::filesystem::path& path);

}  // namespace tensor_service
