// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "program/service_config.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "bundle/prototxt.h"
#include "engine/cores.h"
#include "json/json_node.h"
#include "records/exposures_config.h"
#include "report/log.h"
#include "scheduling/batch_shape.h"
#include "service/served_models.h"
#include "service/text_refusal.h"
#include "settings/joint_checks.h"

namespace tensor_service {
namespace {

namespace fs = std::filesystem;

// Of the memory that bodies may take here, what they become counts too: half as much again.
constexpr std::int64_t kDecoded = 3;
constexpr std::int64_t kBodies = 2;
constexpr std::int64_t kMostBodies = std::int64_t{1} << 40U;
// Compiled graphs, each as large as the bundle's.
constexpr std::size_t kMostKept = 16;

fs::path server_dir_of(const fs::path& path) {
  return has_serving_conf(path) ? path : path / "serving_server";
}

fs::path manifest_of(const fs::path& server_dir) {
  std::error_code ignored;
  return fs::weakly_canonical(server_dir, ignored).parent_path() / "manifest.json";
}

// Throws JsonError.
JsonNode tree_of_manifest(const fs::path& manifest) {
  std::ifstream stream(manifest, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  return read_json(text, {.keys_once = false});
}

// A text of an object; empty where there is none.
std::string text_of(const JsonNode& tree, std::string_view key) {
  const JsonNode* value = tree.find(key);
  return value != nullptr && value->is_string() ? value->text : "";
}

std::string ranker_of_manifest(const fs::path& manifest) {
  const std::string ranker = text_of(tree_of_manifest(manifest), "ranker");
  return ranker == "pairwise" || ranker == "cross_encoder" ? ranker : "";
}

// In the words of pipeline/engines/candidates.py.
void check_precision(const ServedBundle& bundle, const fs::path& manifest) {
  if (bundle.model.automatic_precision) {
    return;
  }
  std::string kept;
  bool rounds_states = false;
  try {
    const JsonNode tree = tree_of_manifest(manifest);
    kept = text_of(tree, "precision");
    const JsonNode* split = tree.find("split");
    rounds_states = split != nullptr && text_of(*split, "state_type") == "fp16";
  } catch (const JsonError&) {
    return;  // opening it says what is wrong
  }
  const std::string asked(precision_name(bundle.model.precision));
  if (rounds_states && bundle.model.precision == Precision::kBf16) {
    throw ConfigError(bundle.where + ".local_service_conf.precision", std::string(kOnlyFp32));
  }
  const std::string can = kept == "int8" ? "int8" : cpu_has_bf16() ? "bf16, fp32" : "fp32";
  if (can.find(asked) == std::string::npos) {
    throw ConfigError(
        bundle.where + ".local_service_conf.precision",
        asked + " cannot be had from this bundle on this machine; use auto or " + can);
  }
}

int engines_of(const ServiceSettings& settings) {
  int threads = 1;
  for (const RankerSettings& ranker : settings.rankers) {
    threads = std::max(threads, ranker.threads);
  }
  return std::clamp(usable_cores(), 1, threads);
}

std::chrono::seconds whole_seconds(double seconds) {
  return std::chrono::seconds(std::max<std::int64_t>(1, static_cast<std::int64_t>(seconds + 0.5)));
}

void take_limits(const ServiceSettings& settings, Options& options) {
  TextLimits& text = options.service.text;
  text.max_documents = settings.whole("limits.max_documents", 1000);
  text.max_query_chars = settings.whole("limits.max_query_chars", 10'000);
  text.max_document_chars = settings.whole("limits.max_document_chars", 100'000);
  text.max_tokens = settings.whole("limits.max_tokens", 1'000'000);
  const std::int64_t body = settings.whole("limits.max_body_bytes", 32 << 20);
  const std::int64_t bodies =
      std::min(kMostBodies, settings.whole("limits.max_body_bytes_in_flight", 4 * body));
  ServerOptions& server = options.server;
  server.connections.protocol.max_body = static_cast<std::size_t>(body);
  server.connections.protocol.reads_fields = reads_fields;
  server.connections.protocol.refusal = text_refusal;
  options.service.max_body = static_cast<std::size_t>(body);
  server.max_bytes_in_flight = static_cast<std::size_t>(bodies / kBodies * kDecoded);
  server.max_connections = static_cast<std::size_t>(settings.whole("limits.max_connections", 2048));
  server.connections.read_timeout = whole_seconds(settings.number("limits.body_timeout_s", 30.0));
  server.connections.idle_timeout = std::chrono::seconds(settings.whole("limits.keep_alive_s", 65));
}

void take_scheduler(const ServiceSettings& settings, int engines, SchedulerOptions& scheduler) {
  scheduler.workers = engines;
  scheduler.pad_dynamic = true;
  scheduler.batch_tokens = settings.whole("scheduler.max_batch_tokens", 2048);
  scheduler.batch_time = kBatchTime;
  scheduler.shape_change = kShapeChange;
  scheduler.batch_wait = std::chrono::microseconds(
      static_cast<std::int64_t>(settings.number("scheduler.max_wait_ms", 0.0) * 1000));
  scheduler.queue_rows = settings.whole("scheduler.max_queue_rows", 10'000);
}

// The directory is made, so that a wrong one is told before bundles are loaded.
ExposuresConfig exposures_of(const ServiceSettings& settings) {
  ExposuresConfig exposures = read_exposures(settings.find("exposures"));
  if (exposures.directory) {
    const fs::path directory = settings.resolve(*exposures.directory);
    std::error_code failed;
    fs::create_directories(directory, failed);
    if (failed) {
      throw ConfigError("exposures.directory", "cannot make " + directory.string() + " (" +
                                                   failed.message() +
                                                   "); name one that can be written");
    }
    exposures.directory = directory.string();
  }
  return exposures;
}

// http_port is the main one; where it is left out, rpc_port is.
void take_ports(const ServiceSettings& settings, ServerOptions& server) {
  std::vector<FurtherPort> ports;
  if (settings.http_port) {
    ports.push_back({"http", settings.http_host.value_or("0.0.0.0"), *settings.http_port});
  }
  if (settings.rpc_port) {
    ports.push_back({"rpc", settings.rpc_host.value_or("::"), *settings.rpc_port});
  }
  server.key = ports.front().key;
  server.host = ports.front().host;
  server.port = ports.front().port;
  server.further.assign(ports.begin() + 1, ports.end());
}

}  // namespace

std::string version_of_bundle(const fs::path& path) {
  try {
    return text_of(tree_of_manifest(manifest_of(server_dir_of(path))), "version");
  } catch (const std::exception&) {
    return "";  // opening it says why
  }
}

std::string ranker_of_bundle(const fs::path& path) {
  const fs::path server_dir = server_dir_of(path);
  std::error_code ignored;
  const fs::path manifest = manifest_of(server_dir);
  try {
    if (fs::is_regular_file(manifest, ignored)) {
      return ranker_of_manifest(manifest);
    }
    const ServingConf conf = read_serving_conf(server_dir);
    const Shape& shape = conf.fetches.at(0).shape;
    return shape == Shape{1} ? "pairwise" : shape == Shape{2} ? "cross_encoder" : "";
  } catch (const std::exception&) {
    return "";  // opening it says why
  }
}

Options options_of(const ServiceSettings& settings) {
  Options options;
  const int engines = engines_of(settings);
  take_limits(settings, options);
  take_scheduler(settings, engines, options.service.scheduler);
  take_ports(settings, options.server);
  options.server.threads = engines + 1;
  options.service.large_texts = engines;
  options.server.drain = std::chrono::ceil<std::chrono::seconds>(settings.drain_timeout);
  options.service.names.models = settings.model_aliases;
  options.service.names.services = settings.service_names;
  options.service.exposures = exposures_of(settings);
  return options;
}

std::vector<ServedBundle> bundles_of(const ServiceSettings& settings,
                                     const fs::path& engine_cache) {
  static const std::vector<std::pair<std::string, Precision>> kPrecisions = {
      {"fp32", Precision::kFp32}, {"bf16", Precision::kBf16}, {"int8", Precision::kInt8}};
  const int engines = engines_of(settings);
  std::vector<ServedBundle> bundles;
  for (const RankerSettings& ranker : settings.rankers) {
    for (const BundleSettings& named : ranker.bundles) {
      ServedBundle bundle{ranker.ranker, ranker.where, named.key, {}};
      bundle.model.path = named.path;
      // none with more threads for lone requests: it takes 60 MB, and their rows are divided anyway
      bundle.model.engines = engines;
      bundle.model.engine_cache = engine_cache;
      bundle.model.automatic_precision = ranker.precision == "auto";
      for (const auto& [name, precision] : kPrecisions) {
        bundle.model.precision = name == ranker.precision ? precision : bundle.model.precision;
      }
      bundles.push_back(std::move(bundle));
    }
  }
  return bundles;
}

fs::path open_engine_cache(const ServiceSettings& settings) try {
  if (settings.engine_cache.empty()) {
    return {};
  }
  // apart from the Pipeline's entries, which have another form
  const fs::path directory = settings.engine_cache / "openvino";
  fs::create_directories(directory);
  std::vector<std::pair<fs::file_time_type, fs::path>> kept;
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (entry.path().extension() == ".blob") {
      kept.emplace_back(entry.last_write_time(), entry.path());
    }
  }
  std::sort(kept.rbegin(), kept.rend());
  for (std::size_t i = kMostKept; i < kept.size(); ++i) {
    fs::remove(kept[i].second);
  }
  return ::access(directory.c_str(), W_OK) == 0 ? directory : fs::path();
} catch (const fs::filesystem_error& error) {
  log_line("engine_cache: " + settings.engine_cache.string() + " (" + error.code().message() +
           "); nothing is kept");
  return {};
}

void check_bundle(const ServedBundle& bundle, const Model& model) {
  const std::string path = bundle.model.path.string();
  const Manifest& manifest = *model.bundle.manifest;
  if (manifest.ranker != bundle.ranker) {
    throw ConfigError(bundle.key, path + " is a " + manifest.ranker + " bundle, not " +
                                      bundle.ranker + "; name it as op." +
                                      std::string(op_of_ranker(manifest.ranker)) +
                                      ", or leave all other rankers out");
  }
  if (!takes_texts(model)) {
    throw ConfigError(bundle.key, path + " takes no texts here; export it again");
  }
}

std::shared_ptr<Model> load_bundle(const ServedBundle& bundle) {
  const fs::path& path = bundle.model.path;
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) {
    throw ConfigError(bundle.key, "no such directory " + path.string() +
                                      "; export a bundle there or name another");
  }
  const fs::path root = server_dir_of(path).parent_path();
  if (!fs::is_regular_file(root / "manifest.json", ignored) && has_serving_conf(path)) {
    throw ConfigError(bundle.key, path.string() +
                                      " has no manifest, which this service needs; export the "
                                      "checkpoint again");
  }
  check_precision(bundle, root / "manifest.json");
  auto model = load_model(bundle.model);
  check_bundle(bundle, *model);
  return model;
}

}  // namespace tensor_service
