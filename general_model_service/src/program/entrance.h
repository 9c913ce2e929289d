// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The door and the encryption of the ports, made of what a file says of them, and kept as the file
// has it while the service runs: keys, key files, certificates.

#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "door/door.h"
#include "program/options.h"
#include "settings/service_settings.h"
#include "tls/tls_context.h"

namespace tensor_service {

struct Entrance {
  std::shared_ptr<Door> door;
  std::shared_ptr<TlsContext> http_tls;  // null: not encrypted
  std::shared_ptr<TlsContext> rpc_tls;
};

// What a file says of it.
struct EntranceRules {
  HttpRules http;
  RpcRules rpc;

  bool operator==(const EntranceRules&) const = default;
};

// Paths are relative to `folder`. Throws ConfigError or TlsError, naming the key.
Entrance open_entrance(const EntranceRules& rules, const std::filesystem::path& folder,
                       const std::optional<AdmissionLimits>& admission);

// Of a file that was read and checked.
EntranceRules entrance_rules_of(const ServiceSettings& settings);
AdmissionLimits admission_of(const ServiceSettings& settings);
// What the ports and the service are told of it, and of the limits of heads and of time.
void take_entrance(const ServiceSettings& settings, const Entrance& entrance, Options& options);

// The rules of the file that --door names. Throws ConfigError.
EntranceRules read_door_file(const std::filesystem::path& file);

// Looks at the files twice a second, in a thread of its own, until it goes.
class EntranceFollower {
 public:
  // rules: that the entrance was opened by. read: those that the file has now; what it throws is
  // logged once.
  EntranceFollower(Entrance entrance, EntranceRules rules, std::filesystem::path file,
                   std::function<EntranceRules()> read);
  ~EntranceFollower();

  // As the thread does again and again.
  void look();

 private:
  void run();
  void look_at_keys();
  void warn_of_others(EntranceRules rules);
  void refuse(const std::string& reason);
  std::string state() const;

  const Entrance entrance_;
  const std::filesystem::path file_;
  const std::function<EntranceRules()> read_;
  EntranceRules taken_;
  std::vector<std::filesystem::path> key_files_;  // of the rules that were taken last
  std::string seen_;                              // of all files, when they were taken last
  std::string looked_at_;                         // the state at the last look
  std::set<std::string> said_;                    // reasons that stand in the log
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tensor_service
