// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "program/serve_config.h"

#include <csignal>
#include <cstdio>
#include <memory>
#include <vector>

#include "program/entrance.h"
#include "program/experiment_watcher.h"
#include "program/loading_memory.h"
#include "program/reloader.h"
#include "program/service_config.h"
#include "report/log.h"
#include "server/server.h"
#include "settings/joint_checks.h"

namespace tensor_service {
namespace {

using Reloaders = std::vector<std::unique_ptr<Reloader>>;

// On standard output, where python -m pipeline.web_service says the same.
void say(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

std::string shown(const std::optional<std::string>& host, std::uint16_t port) {
  const std::string number = std::to_string(port);
  if (!host) {
    return number;
  }
  return (host->find(':') == std::string::npos ? *host : "[" + *host + "]") + ":" + number;
}

std::string described(const ServedBundle& bundle, const Model& model) {
  return bundle.ranker + ": bundle " + model.version() + " " + model.bundle.manifest->precision +
         ", at most " + std::to_string(model.bundle.manifest->max_seq_length) +
         " tokens; openvino " + std::string(precision_name(model.precision)) + ", " +
         std::to_string(bundle.model.engines) + " x " + std::to_string(bundle.model.threads) +
         " threads, " + model.golden_text();
}

// Of one ranker no two bundles are the same.
void check_twice(const std::vector<ServedBundle>& bundles, std::size_t place,
                 const std::vector<std::shared_ptr<Model>>& models, const Model& next) {
  for (std::size_t other = 0; other < models.size(); ++other) {
    if (other != place && bundles[other].ranker == bundles[place].ranker &&
        models[other]->version() == next.version()) {
      throw ConfigError(bundles[place].key, next.version() + " is named already");
    }
  }
}

void load_all(const std::vector<ServedBundle>& bundles, Service& service) {
  std::vector<std::shared_ptr<Model>> models;
  for (const ServedBundle& bundle : bundles) {
    auto model = load_bundle(bundle);
    check_twice(bundles, models.size(), models, *model);
    say(described(bundle, *model));
    models.push_back(std::move(model));
  }
  service.set_models(std::move(models));
  give_back_loading_memory();
}

// Each follows its own files.
Reloaders watch_all(const std::vector<ServedBundle>& bundles,
                    const std::vector<std::string>& states, Service& service,
                    std::chrono::seconds interval) {
  Reloaders reloaders;
  for (std::size_t place = 0; place < bundles.size(); ++place) {
    const auto check = [&bundles, &service, place](const Model& next) {
      if (!next.bundle.manifest) {
        throw ConfigError(bundles[place].key, "has no manifest, which this service needs");
      }
      check_bundle(bundles[place], next);
      check_twice(bundles, place, service.served()->models, next);
    };
    reloaders.push_back(std::make_unique<Reloader>(bundles[place].model, service, interval,
                                                   states[place], place, check));
  }
  return reloaders;
}

std::string services_of(const ServiceSettings& settings) {
  std::string names;
  for (const RankerSettings& ranker : settings.rankers) {
    names += std::string(op_of_ranker(ranker.ranker)) + "|";
  }
  for (const auto& [name, ranker] : settings.service_names) {
    names += name + "|";
  }
  return names + "ranker";
}

void say_where(const ServiceSettings& settings) {
  if (settings.http_port) {
    say((settings.find("http.tls_key") != nullptr ? "HTTPS on " : "HTTP on ") +
        shown(settings.http_host, *settings.http_port) + ": POST /rerank, POST /(" +
        services_of(settings) +
        ")/prediction, POST /feedback, POST /GeneralModelService/inference, GET /v1/models, "
        "/v1/traffic, /v1/assignments, /info, /health, /ready, /metrics");
  }
  const std::string rpc = settings.find("rpc.tls_key") != nullptr ? "RPC with TLS on " : "RPC on ";
  say(settings.rpc_port ? rpc + shown(settings.rpc_host, *settings.rpc_port)
                        : "RPC is off: rpc_port opens it");
}

ServiceSettings settings_of(const Options& flags) {
  ServiceSettings settings = read_service_settings(flags.config, ranker_of_bundle);
  refuse_uncarried(settings);
  return settings;
}

}  // namespace

int serve_config(const Options& flags) try {
  const Clock::time_point begun = Clock::now();
  const ServiceSettings settings = settings_of(flags);
  for (const std::string& note : settings.notes) {
    log_line("does not apply: " + note);
  }
  // a file that may not grow any more is a disk that is full: records wait for it
  std::signal(SIGXFSZ, SIG_IGN);
  const EntranceRules rules = entrance_rules_of(settings);
  const Entrance entrance =
      open_entrance(rules, settings.path.parent_path(), admission_of(settings));
  Options options = options_of(settings);
  take_entrance(settings, entrance, options);
  if (flags.check_config) {
    plan_of(settings, served_of(settings));
    say("ok");
    return 0;
  }
  const std::vector<ServedBundle> bundles = bundles_of(settings, open_engine_cache(settings));
  Server server(options.server, options.service);
  std::vector<std::string> states;
  for (const ServedBundle& bundle : bundles) {
    states.push_back(files_state(bundle.model.path));
  }
  load_all(bundles, server.service());
  server.service().experiments()->router().change(plan_of(settings, served_of(server.service())));
  const Reloaders reloaders = watch_all(bundles, states, server.service(), options.reload_interval);
  const ExperimentWatcher watcher(settings, server.service());
  server.on_reload([&reloaders] {
    for (const auto& reloader : reloaders) {
      reloader->request();
    }
  });
  const EntranceFollower follower(entrance, rules, settings.path, [path = settings.path] {
    return entrance_rules_of(read_service_settings(path, ranker_of_bundle));
  });
  say_where(settings);
  char seconds[32];
  std::snprintf(seconds, sizeof(seconds), "%.1f",
                std::chrono::duration<double>(Clock::now() - begun).count());
  say(std::string("ready after ") + seconds + " s");
  server.run();
  log_line("stopped");
  return 0;
} catch (const ConfigError& error) {
  throw std::runtime_error(std::string(error.what()) + " (in " + flags.config + ")");
}

}  // namespace tensor_service
