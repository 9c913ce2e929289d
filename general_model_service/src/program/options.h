// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The command line of the program. general_model_service/flags.py maps Paddle Serving's own flags
// to these.

#pragma once

#include <optional>
#include <string>

#include "model/model.h"
#include "server/server.h"
#include "service/service.h"

namespace tensor_service {

struct Options {
  std::string config;         // config_nlp.yml, in place of all other flags; empty: there is none
  bool check_config = false;  // read it, say what is wrong with it, and end
  ModelOptions model;
  ServerOptions server;
  ServiceOptions service;
  std::chrono::seconds reload_interval{2};
  std::string door;  // file of --door, or empty
};

// Reads the arguments; when the program is to end at once (--help, a bad flag), prints why and
// returns the exit status instead.
std::optional<int> parse_options(int argc, const char* const* argv, Options& options);

}  // namespace tensor_service
