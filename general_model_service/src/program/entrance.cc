// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "program/entrance.h"

#include <fstream>
#include <iterator>
#include <utility>

#include "report/log.h"
#include "settings/yaml_tree.h"
#include "tls/file_state.h"

namespace tensor_service {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kLook{500};

std::shared_ptr<TlsContext> open_tls(const TlsRule& rule, const std::string& section,
                                     const fs::path& folder) {
  if (!rule.certificate || !rule.key) {
    return nullptr;
  }
  TlsPaths paths{section + ".tls_", folder / *rule.certificate, folder / *rule.key, std::nullopt};
  if (rule.client_ca) {
    paths.client_ca = folder / *rule.client_ca;
  }
  return std::make_shared<TlsContext>(std::move(paths));
}

std::string read_text(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string text(kMostYamlBytes + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad() || (stream.fail() && !stream.eof())) {
    throw DoorError(file.string(), "cannot be read; name a file of YAML");
  }
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

}  // namespace

Entrance open_entrance(const EntranceRules& rules, const fs::path& folder,
                       const std::optional<AdmissionLimits>& admission) {
  Entrance entrance;
  entrance.door = std::make_shared<Door>(DoorSettings{.http = rules.http,
                                                      .ask_for_key_on_rpc = rules.rpc.ask_for_key,
                                                      .admission = admission,
                                                      .folder = folder},
                                         log_line);
  entrance.http_tls = open_tls(rules.http.tls, "http", folder);
  entrance.rpc_tls = open_tls(rules.rpc.tls, "rpc", folder);
  return entrance;
}

EntranceRules read_door_file(const fs::path& file) {
  const JsonNode tree = read_yaml(read_text(file), file.string());
  if (!tree.is_object()) {
    throw DoorError(file.string(), "must hold keys and values");
  }
  for (const JsonNode& section : tree.items) {
    if (section.key != "http") {
      throw DoorError(section.key, "unknown key; known is http");
    }
  }
  EntranceRules rules;
  rules.http = read_http_rules(tree.find("http"));
  check_http_rules(rules.http);
  return rules;
}

EntranceFollower::EntranceFollower(Entrance entrance, EntranceRules rules, fs::path file,
                                   std::function<EntranceRules()> read)
    : entrance_(std::move(entrance)),
      file_(std::move(file)),
      read_(std::move(read)),
      taken_(std::move(rules)) {
  // a file may have changed since it was read: all are read again at the first look
  thread_ = std::thread([this] { run(); });
}

EntranceFollower::~EntranceFollower() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void EntranceFollower::run() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, kLook, [this] { return stopping_; })) {
    lock.unlock();
    look();
    lock.lock();
  }
}

void EntranceFollower::look() {
  try {
    look_at_keys();
  } catch (const std::exception& error) {
    refuse(error.what());
  }
  for (const auto& [tls, port] :
       {std::pair{entrance_.http_tls, "http"}, std::pair{entrance_.rpc_tls, "rpc"}}) {
    try {
      if (tls && tls->follow()) {
        log_line(std::string(port) + ": certificate and key are read anew");
      }
    } catch (const std::exception& error) {
      refuse(error.what());
    }
  }
}

// What could not be taken is tried again at each look: a file may be half written.
void EntranceFollower::look_at_keys() {
  std::string now = state();
  if (now == seen_) {
    return;
  }
  const EntranceRules rules = read_();
  entrance_.door->change_keys(rules.http.api_keys);
  key_files_.clear();
  for (const ApiKeyRule& key : rules.http.api_keys) {
    if (key.key_file) {
      key_files_.push_back(file_.parent_path() / *key.key_file);
    }
  }
  seen_ = std::move(now);  // as it was before they were read: a later change is seen at a look
  said_.clear();
  warn_of_others(rules);
}

void EntranceFollower::warn_of_others(EntranceRules rules) {
  rules.http.api_keys = taken_.http.api_keys;
  if (rules != taken_) {
    taken_ = std::move(rules);
    log_line("keys and TLS: other keys of http or rpc have changed too; they need a restart");
  }
}

void EntranceFollower::refuse(const std::string& reason) {
  if (reason != said_) {
    log_line("keys and TLS: the change is refused, the old ones go on: " + reason);
    said_ = reason;
  }
}

std::string EntranceFollower::state() const {
  std::string text = file_state(file_);
  for (const fs::path& file : key_files_) {
    text += file_state(file);
  }
  return text;
}

}  // namespace tensor_service
