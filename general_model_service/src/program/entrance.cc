// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "program/entrance.h"

#include <utility>

#include "report/log.h"
#include "settings/joint_checks.h"
#include "settings/key_table.h"
#include "tls/file_state.h"

namespace tensor_service {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kLook{400};
// Of tokens in the queue, which is bounded by rows.
constexpr std::int64_t kNoBound = 1 << 30;

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

}  // namespace

Entrance open_entrance(const EntranceRules& rules, const fs::path& folder,
                       const std::optional<AdmissionLimits>& admission) {
  Entrance entrance;
  entrance.door = std::make_shared<Door>(DoorSettings{.http = rules.http,
                                                      .ask_for_key_on_rpc = rules.rpc.ask_for_key,
                                                      .admission = admission,
                                                      .folder = folder,
                                                      .keys_path = "http.api_keys"},
                                         log_line);
  entrance.http_tls = open_tls(rules.http.tls, "http", folder);
  entrance.rpc_tls = open_tls(rules.rpc.tls, "rpc", folder);
  return entrance;
}

EntranceRules entrance_rules_of(const ServiceSettings& settings) {
  return {http_rules_of(settings.find("http")), rpc_rules_of(settings.find("rpc"))};
}

EntranceRules read_door_file(const fs::path& file) {
  const SectionRule known{{*service_keys().find("http")}};
  ServiceSettings settings;
  settings.file = read_settings_tree(file);
  check_section(settings.file, known);
  check_http(settings);
  return entrance_rules_of(settings);
}

AdmissionLimits admission_of(const ServiceSettings& settings) {
  return {static_cast<std::size_t>(settings.whole("limits.max_in_flight", 64)),
          settings.number("limits.max_delay_ms", 0.0), settings.number("limits.ready_share", 1.0)};
}

void take_entrance(const ServiceSettings& settings, const Entrance& entrance, Options& options) {
  options.service.door = entrance.door;
  ServerOptions& server = options.server;
  const PortKind http{.tls = entrance.http_tls};
  const PortKind rpc{.rpc = true, .tls = entrance.rpc_tls};
  server.kind = server.key == "rpc" ? rpc : http;
  for (FurtherPort& further : server.further) {
    further.kind = further.key == "rpc" ? rpc : http;
  }
  ConnectionLimits& limits = server.connections;
  limits.protocol.shows_heads = true;
  server.tells_when_full = true;
  limits.protocol.max_header =
      static_cast<std::size_t>(settings.whole("limits.max_header_bytes", 64 << 10));
  const auto time = [&](const char* key, double otherwise) {
    const std::chrono::duration<double> seconds(settings.number(key, otherwise));
    return std::chrono::ceil<std::chrono::milliseconds>(seconds);
  };
  limits.header_timeout = time("limits.header_timeout_s", 10.0);
  limits.body_timeout = time("limits.body_timeout_s", 30.0);
  // admission is asked in place of the queue's own rule, by which few would wait shorter
  options.service.scheduler.queue_factor = kNoBound;
  options.service.scheduler.queue_tokens = kNoBound;
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
        said_.clear();
        log_line(std::string(port) + ": certificate and key are read anew");
      }
    } catch (const std::exception& error) {
      refuse(error.what());
    }
  }
}

// Taken when two looks agree, for a file may be half written; what could not be taken is tried
// again at each look.
void EntranceFollower::look_at_keys() {
  std::string now = state();
  const bool settled = now == looked_at_;
  looked_at_ = now;
  if (now == seen_ || !settled) {
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
  if (said_.insert(reason).second) {
    log_line("keys and TLS: the change is refused, the old ones go on: " + reason);
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
