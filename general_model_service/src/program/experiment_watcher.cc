// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "program/experiment_watcher.h"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "program/service_config.h"
#include "report/log.h"

namespace tensor_service {
namespace {

constexpr std::chrono::milliseconds kPoll{500};

// What differs when the file does; an editor may replace it, or be writing it just now.
std::string stamp_of(const std::filesystem::path& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) {
    return "none";
  }
  return std::to_string(info.st_mtim.tv_sec) + "." + std::to_string(info.st_mtim.tv_nsec) + " " +
         std::to_string(info.st_size) + " " + std::to_string(info.st_ino);
}

void add_version(const std::string& ranker, const std::string& version, Served& served) {
  const auto known = std::find_if(served.begin(), served.end(),
                                  [&](const ServedVersions& one) { return one.ranker == ranker; });
  if (known == served.end()) {
    served.push_back({ranker, {version}});
  } else {
    known->versions.push_back(version);
  }
}

// A bundle that was replaced has another version, which targets name.
std::string versions_of(const Service& service) {
  std::string state;
  for (const ServedVersions& one : served_of(service)) {
    for (const std::string& version : one.versions) {
      state += " " + one.ranker + "@" + version;
    }
  }
  return state;
}

bool same(const JsonNode& one, const JsonNode& other) {
  if (one.kind != other.kind || one.text != other.text || one.items.size() != other.items.size() ||
      (one.kind == JsonKind::kFloat && one.number != other.number)) {
    return false;
  }
  for (std::size_t i = 0; i < one.items.size(); ++i) {
    const JsonNode* also = one.is_object() ? other.find(one.items[i].key) : &other.items[i];
    if (also == nullptr || !same(one.items[i], *also)) {
      return false;
    }
  }
  return true;
}

// The file without what is followed, here or, of who may come in, by EntranceFollower, which tells
// of the rest of these two as well.
JsonNode others_of(const ServiceSettings& settings) {
  JsonNode file = settings.file;
  std::erase_if(file.items, [](const JsonNode& member) {
    return member.key == "experiments" || member.key == "holdout" || member.key == "http" ||
           member.key == "rpc";
  });
  return file;
}

std::string names_of(const Plan& plan) {
  std::string names;
  for (const Experiment& one : plan.experiments) {
    names += (names.empty() ? "" : ", ") + one.name;
  }
  return names.empty() ? "none" : names;
}

}  // namespace

Served served_of(const Service& service) {
  Served served;
  for (const auto& model : service.served()->models) {
    add_version(model->bundle.manifest->ranker, model->version(), served);
  }
  return served;
}

Served served_of(const ServiceSettings& settings) {
  Served served;
  for (const ServedBundle& bundle : bundles_of(settings, {})) {
    add_version(bundle.ranker, version_of_bundle(bundle.model.path), served);
  }
  return served;
}

Plan plan_of(const ServiceSettings& settings, const Served& served) {
  return make_plan(read_experiments(settings.find("experiments")),
                   read_holdout(settings.find("holdout")), served);
}

// The file may have changed since it was read: it is read again at the first look.
ExperimentWatcher::ExperimentWatcher(const ServiceSettings& settings, Service& service)
    : settings_(settings), service_(service), thread_([this] { run(); }) {}

ExperimentWatcher::~ExperimentWatcher() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void ExperimentWatcher::run() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, kPoll, [this] { return stopping_; })) {
    lock.unlock();
    look();
    lock.lock();
  }
}

// Whatever a file may hold, the next one is looked at.
void ExperimentWatcher::look() noexcept {
  try {
    const std::string file = std::exchange(file_, stamp_of(settings_.path));
    const std::string versions = std::exchange(versions_, versions_of(service_));
    if (file_ != file || versions_ != versions) {
      follow(!versions.empty() && versions_ != versions);
    }
  } catch (const std::exception& error) {
    log_line(std::string("experiments: the change failed with ") + error.what());
  }
}

void ExperimentWatcher::follow(bool of_other_bundles) {
  try {
    ServiceSettings next = read_service_settings(settings_.path, ranker_of_bundle);
    Plan plan = plan_of(next, served_of(service_));
    said_.clear();
    if (!same(others_of(next), others_of(settings_))) {
      log_line("experiments: other keys have changed too; they need a restart");
    }
    const bool changed =
        read_experiments(next.find("experiments")) !=
            read_experiments(settings_.find("experiments")) ||
        read_holdout(next.find("holdout")) != read_holdout(settings_.find("holdout"));
    // what needs a restart is told once; what is followed is that of the file
    settings_ = std::move(next);
    const std::string names = names_of(plan);
    service_.experiments()->router().change(std::move(plan));
    if (changed || of_other_bundles) {
      log_line("experiments: " + std::string(changed ? "changed" : "of other bundles") +
               "; now: " + names);
    }
  } catch (const ConfigError& error) {
    refuse(error.what());
  }
}

// Said once; what could not be read is read again at the next look.
void ExperimentWatcher::refuse(const std::string& reason) {
  if (!std::ifstream(settings_.path)) {
    file_.clear();
  }
  const std::string said = "experiments: the change is refused, the old ones go on: " + reason;
  if (said != said_) {
    log_line(said);
  }
  said_ = said;
}

}  // namespace tensor_service
