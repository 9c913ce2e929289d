// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "settings/service_settings.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include "settings/joint_checks.h"
#include "settings/key_table.h"
#include "settings/yaml_tree.h"

namespace tensor_service {
namespace {

namespace fs = std::filesystem;

constexpr const char* kEngineCache = ".cache/ranking-stack/engines";

std::string content_of(const fs::path& path) {
  const auto fail = [&](int reason) {
    throw ConfigError(path.string(), std::string("cannot read it (") + std::strerror(reason) +
                                         "); name a file with --config");
  };
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    fail(EISDIR);
  }
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    fail(errno == 0 ? ENOENT : errno);
  }
  std::string text(kMostYamlBytes + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (stream.bad()) {
    fail(EIO);
  }
  return text;
}

// "a   b\n c" as "a b c".
std::string on_one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool space = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!space) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  return line;
}

JsonNode tree_of(std::string_view text, const fs::path& path) try {
  return read_yaml(text, path.string());
} catch (const YamlError& error) {
  throw ConfigError(path.string(), "not yaml (" + on_one_line(error.what()) + ")");
}

std::optional<std::uint16_t> port_of(const ServiceSettings& settings, std::string_view key) {
  const JsonNode* node = settings.find(key);
  return node == nullptr ? std::nullopt : std::optional(static_cast<std::uint16_t>(node->whole()));
}

std::optional<std::string> host_of(const ServiceSettings& settings, std::string_view key) {
  const JsonNode* node = settings.find(key);
  return node == nullptr ? std::nullopt : std::optional(node->text);
}

// server_endpoints with a client_config and no model of its own: engine remote. Whether one of the
// bundle's files is there is looked for where the Pipeline looks.
void check_remote_form(const ServiceSettings& settings, const std::string& where) {
  const JsonNode* endpoints = settings.find(where + ".server_endpoints");
  const std::string engine = settings.text(where + ".engine", "paddle");
  if (endpoints == nullptr || endpoints->items.empty() || engine == "remote") {
    return;
  }
  const std::string field = where + ".server_endpoints";
  if (settings.find(where + ".local_service_conf.model_config") != nullptr) {
    throw ConfigError(field, "nothing asks them: engine " + engine +
                                 " computes in this service; set " + where +
                                 ".engine to remote, or leave server_endpoints out");
  }
  if (const JsonNode* client = settings.find(where + ".client_config")) {
    const fs::path place = settings.resolve(client->text);
    for (const fs::path& root : {place.parent_path(), place.parent_path().parent_path()}) {
      std::error_code ignored;
      if (!client->text.empty() && fs::is_regular_file(root / "manifest.json", ignored)) {
        throw ConfigError(field,
                          "engine remote is the Pipeline's: this service computes itself; name "
                          "the bundle in " +
                              where + ".local_service_conf.model_config, with engine auto");
      }
    }
  }
  throw ConfigError(field,
                    "tells of no bundle: texts are tokenized here, by the bundle that the services "
                    "have; set " +
                        where + ".engine to remote and " + where +
                        ".local_service_conf.model_config to it, or client_config to its "
                        "serving_client");
}

RankerSettings ranker_settings(const ServiceSettings& settings, const std::string& ranker,
                               const std::string& op) {
  RankerSettings made;
  made.ranker = ranker;
  made.where = "op." + op;
  const std::string conf = made.where + ".local_service_conf";
  if (const JsonNode* model = settings.find(conf + ".model_config")) {
    made.bundles.push_back({conf + ".model_config", settings.resolve(model->text)});
    const JsonNode* more = settings.find(made.where + ".more_bundles");
    for (std::size_t i = 0; more != nullptr && i < more->items.size(); ++i) {
      made.bundles.push_back({made.where + ".more_bundles[" + std::to_string(i) + "]",
                              settings.resolve(more->items[i].text)});
    }
  }
  made.precision = settings.text(conf + ".precision", "fp32");
  constexpr std::int64_t kMostThreads = 1024;
  made.threads = static_cast<int>(std::min(kMostThreads, settings.whole(conf + ".thread_num", 2)));
  return made;
}

// The op's name is that of the service; where there is one op alone, its bundle says who ranks.
void add_rankers(ServiceSettings& settings, const RankerOf& ranker_of) {
  const JsonNode* ops = settings.file.given("op");
  std::vector<std::string> present;
  for (const char* ranker : {"pairwise", "cross_encoder"}) {
    const std::string op(op_of_ranker(ranker));
    if (ops != nullptr && ops->find(op) != nullptr) {
      check_remote_form(settings, "op." + op);
      present.emplace_back(ranker);
    }
  }
  for (const std::string& ranker : present) {
    const std::string op(op_of_ranker(ranker));
    RankerSettings made = ranker_settings(settings, ranker, op);
    const std::string found = present.size() == 1 && !made.bundles.empty()
                                  ? ranker_of(made.bundles.front().path)
                                  : std::string();
    if (!found.empty() && found != ranker) {
      made.ranker = found;
      settings.service_names.emplace_back(op, found);
    }
    settings.rankers.push_back(std::move(made));
  }
  const std::string first = settings.text("default_ranker");
  std::stable_partition(settings.rankers.begin(), settings.rankers.end(),
                        [&](const RankerSettings& one) { return one.ranker == first; });
}

fs::path engine_cache_of(const ServiceSettings& settings) {
  if (const JsonNode* named = settings.find("engine_cache")) {
    return settings.resolve(named->text);
  }
  const char* const home = std::getenv("HOME");
  return home == nullptr ? fs::path() : fs::path(home) / kEngineCache;
}

}  // namespace

fs::path ServiceSettings::resolve(std::string_view named) const {
  return fs::weakly_canonical(path.parent_path() / named);
}

const JsonNode* ServiceSettings::find(std::string_view keys) const {
  const JsonNode* node = &file;
  while (node != nullptr && !keys.empty()) {
    const std::size_t end = std::min(keys.find('.'), keys.size());
    node = node->given(keys.substr(0, end));
    keys.remove_prefix(std::min(end + 1, keys.size()));
  }
  return node;
}

std::int64_t ServiceSettings::whole(std::string_view keys, std::int64_t otherwise) const {
  const JsonNode* node = find(keys);
  return node == nullptr ? otherwise : node->whole();
}

double ServiceSettings::number(std::string_view keys, double otherwise) const {
  const JsonNode* node = find(keys);
  if (node == nullptr) {
    return otherwise;
  }
  return node->is_whole() ? static_cast<double>(node->whole()) : node->number;
}

std::string ServiceSettings::text(std::string_view keys, std::string_view otherwise) const {
  const JsonNode* node = find(keys);
  return node == nullptr ? std::string(otherwise) : node->text;
}

bool ServiceSettings::flag(std::string_view keys, bool otherwise) const {
  const JsonNode* node = find(keys);
  return node == nullptr ? otherwise : node->kind == JsonKind::kTrue;
}

ServiceSettings parse_service_settings(std::string_view text, const fs::path& path,
                                       const RankerOf& ranker_of) {
  ServiceSettings settings;
  settings.path = fs::absolute(path);
  settings.file = tree_of(text, path);
  check_section(settings.file, service_keys());
  add_notes(settings.file, service_keys(), "", settings.notes);
  settings.rpc_port = port_of(settings, "rpc_port");
  settings.http_port = port_of(settings, "http_port");
  settings.rpc_host = host_of(settings, "rpc_host");
  settings.http_host = host_of(settings, "http_host");
  if (const JsonNode* aliases = settings.find("model_aliases")) {
    for (const JsonNode& alias : aliases->items) {
      settings.model_aliases.emplace_back(alias.key, alias.text);
    }
  }
  settings.drain_timeout = std::chrono::milliseconds(
      static_cast<std::int64_t>(settings.number("drain_timeout_s", 8.0) * 1000));
  settings.engine_cache = engine_cache_of(settings);
  add_rankers(settings, ranker_of);
  std::vector<std::string> rankers;
  for (const RankerSettings& ranker : settings.rankers) {
    rankers.push_back(ranker.ranker);
  }
  check_together(settings, rankers);
  return settings;
}

JsonNode read_settings_tree(const fs::path& path) { return tree_of(content_of(path), path); }

ServiceSettings read_service_settings(const fs::path& path, const RankerOf& ranker_of) {
  return parse_service_settings(content_of(path), path, ranker_of);
}

}  // namespace tensor_service
