// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Where every request is looked at when its head has come: by which name and from which page it
// asks, by which API key, and whether there is room. Asked by the service, which knows the paths.

#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "call/head.h"
#include "door/admission.h"
#include "door/api_keys.h"
#include "door/browsers.h"
#include "door/door_rules.h"

namespace tensor_service {

struct DoorSettings {
  HttpRules http;
  bool ask_for_key_on_rpc = true;            // of callers of the RPC port who speak an RPC protocol
  std::optional<AdmissionLimits> admission;  // none: only the scheduler refuses
  std::filesystem::path folder;              // that paths of key files are relative to
  std::string keys_path = "http.api_keys";   // how messages call the list of keys
};

// What a path asks of its callers.
enum class Need {
  kNothing,
  kKnown,    // a key, when there are keys
  kCounted,  // and it is one of the key's requests
  kRanked,   // and there has to be room
};

// Who has connected.
struct Peer {
  std::string address;    // without its port
  bool rpc_port = false;  // else the HTTP port
};

// Any thread.
class Door {
 public:
  // Throws ConfigError: a key cannot be read.
  Door(const DoorSettings& settings, WrongKeys::Log log, DoorClocks clocks = {});

  // Other keys. Throws ConfigError: one cannot be read, and those before go on.
  void change_keys(const std::vector<ApiKeyRule>& keys) { keys_.change(keys); }

  // The answer to a browser that asks before it sends.
  std::optional<Reply> preflight(const RequestHead& head) const;
  // What every other answer of HTTP has.
  HeadFields fields(const RequestHead& head) const;
  // Throws RankingError: a page or a name that may not ask.
  void check_browser(const RequestHead& head) const;
  // Throws RankingError: no key, or its rate is used up, or there is no room.
  std::shared_ptr<Pass> look(const RequestHead& head, const Peer& peer, Need need);

  std::int64_t wrong_keys() const { return keys_.wrong(); }
  // Why no more come in; empty while they do. Full for a moment, as any busy service is, is not
  // full.
  std::string full() const;

 private:
  const bool ask_on_rpc_;
  const Browsers browsers_;
  const Cors cors_;
  ApiKeys keys_;
  std::unique_ptr<Admission> admission_;
};

}  // namespace tensor_service
