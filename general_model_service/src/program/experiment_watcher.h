// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Watches config_nlp.yml and has the service follow its experiments and its hold-out, as
// pipeline/routing/reload.py does: what cannot be is refused and logged, and what ran goes on;
// what cannot be read is tried again. Other keys need a restart.

#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "service/service.h"
#include "settings/service_settings.h"

namespace tensor_service {

// Rankers and versions: of the bundles that are served, or of those that the file names, as far as
// their manifests can be read.
Served served_of(const Service& service);
Served served_of(const ServiceSettings& settings);

// The plan of a file for these. Throws ConfigError: an experiment cannot be.
Plan plan_of(const ServiceSettings& settings, const Served& served);

class ExperimentWatcher {
 public:
  // settings: of the file, by which the service's plan was made.
  ExperimentWatcher(const ServiceSettings& settings, Service& service);
  ~ExperimentWatcher();
  ExperimentWatcher(const ExperimentWatcher&) = delete;
  ExperimentWatcher& operator=(const ExperimentWatcher&) = delete;

 private:
  void run();
  void look() noexcept;
  void follow(bool of_other_bundles);
  void refuse(const std::string& reason);

  ServiceSettings settings_;
  Service& service_;
  std::string file_;      // its state at the last look
  std::string versions_;  // of the bundles, alike
  std::string said_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tensor_service
