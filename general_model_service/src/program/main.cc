// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The program: reads the flags, loads the bundle, serves until SIGTERM. Exit status 2 for a bad
// flag, bundle or port, with one line on stderr.

#include <malloc.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <optional>

#include "program/entrance.h"
#include "program/loading_memory.h"
#include "program/options.h"
#include "program/reloader.h"
#include "program/serve_config.h"
#include "report/log.h"
#include "server/server.h"

namespace {

using namespace tensor_service;

void announce(const Options& options, const Server& server, const Model& model) {
  const auto& gpu = options.model.gpu;
  const std::string engine =
      options.model.reader == GraphReader::kOpenVino
          ? "openvino"
          : "onnxruntime" + (gpu ? " on GPU " + std::to_string(*gpu) : std::string());
  std::string text = "bundle " + model.version() + " (" + engine + " " +
                     std::string(precision_name(model.precision)) + ", " +
                     std::to_string(options.model.engines) + " x " +
                     std::to_string(options.model.threads) + " threads) ";
  log_line(text + model.golden_text() + "; ready on " + options.server.host + ":" +
           std::to_string(server.port()));
}

Entrance open_door(const EntranceRules& rules, Options& options) {
  const auto folder = std::filesystem::absolute(options.door).parent_path();
  Entrance entrance = open_entrance(rules, folder, std::nullopt);
  options.service.door = entrance.door;
  options.server.kind.tls = entrance.http_tls;
  options.server.connections.protocol.shows_heads = true;
  return entrance;
}

// Buffers of requests come and go; giving them back to the kernel each time costs up to 150
// microseconds a request.
void keep_freed_memory() {
  constexpr int kKept = 64 << 20;
  ::mallopt(M_TRIM_THRESHOLD, kKept);
  ::mallopt(M_MMAP_THRESHOLD, kKept / 2);
}

}  // namespace

int main(int argc, char** argv) {
  keep_freed_memory();
  // the Pipeline opens its log files anew; here the log is standard error
  std::signal(SIGUSR1, SIG_IGN);
  try {
    Options options;
    if (const auto status = parse_options(argc, argv, options)) {
      return *status;
    }
    if (!options.config.empty()) {
      return serve_config(options);
    }
    std::optional<EntranceRules> rules;
    Entrance entrance;
    if (!options.door.empty()) {
      rules = read_door_file(options.door);
      entrance = open_door(*rules, options);
    }
    Server server(options.server, options.service);
    const std::string state = files_state(options.model.path);
    auto model = load_model(options.model);
    server.service().set_model(model);
    announce(options, server, *model);
    model.reset();
    give_back_loading_memory();
    Reloader reloader(options.model, server.service(), options.reload_interval, state);
    std::optional<EntranceFollower> follower;
    if (rules) {
      follower.emplace(entrance, *rules, options.door,
                       [file = options.door] { return read_door_file(file); });
    }
    server.on_reload([&reloader] { reloader.request(); });
    server.run();
    log_line("stopped");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tensor_service: error: %s\n", error.what());
    return 2;
  }
  return 0;
}
