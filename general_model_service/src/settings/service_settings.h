// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// config_nlp.yml as the service takes it: the Pipeline's file, its rules and its words. What a key
// would change and this service does not carry is refused by the key's name.

#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/json_node.h"
#include "settings/config_error.h"

namespace tensor_service {

// A bundle that the file names.
struct BundleSettings {
  std::string key;             // that names it
  std::filesystem::path path;  // absolute
};

struct RankerSettings {
  std::string ranker;                   // pairwise or cross_encoder
  std::string where;                    // path of its op in the file
  std::vector<BundleSettings> bundles;  // model_config's first
  std::string precision = "fp32";       // fp32, bf16, int8 or auto
  int threads = 2;                      // of its engines together
};

struct ServiceSettings {
  std::filesystem::path path;      // of the file, absolute
  JsonNode file;                   // all of it; parts of it are found by its keys
  std::vector<std::string> notes;  // what is accepted and does not apply

  std::optional<std::uint16_t> rpc_port;
  std::optional<std::uint16_t> http_port;
  std::optional<std::string> rpc_host;
  std::optional<std::string> http_host;
  std::vector<RankerSettings> rankers;                             // the default first
  std::vector<std::pair<std::string, std::string>> model_aliases;  // a name, and its ranker
  std::vector<std::pair<std::string, std::string>> service_names;  // alike, of an op
  std::chrono::milliseconds drain_timeout{8000};
  std::filesystem::path engine_cache;

  // A path of the file, relative to the file's directory.
  std::filesystem::path resolve(std::string_view named) const;
  // The value at "limits.max_documents"; null where it is left out or null.
  const JsonNode* find(std::string_view keys) const;
  std::int64_t whole(std::string_view keys, std::int64_t otherwise) const;
  double number(std::string_view keys, double otherwise) const;
  std::string text(std::string_view keys, std::string_view otherwise = "") const;
  bool flag(std::string_view keys, bool otherwise) const;
};

// Which ranker a bundle's directory holds, or its serving_server; empty where that cannot be told.
using RankerOf = std::function<std::string(const std::filesystem::path&)>;

// A file of YAML, not yet checked. Throws ConfigError.
JsonNode read_settings_tree(const std::filesystem::path& path);

// Throws ConfigError.
ServiceSettings read_service_settings(const std::filesystem::path& path, const RankerOf& ranker_of);
// Of a file's text.
ServiceSettings parse_service_settings(std::string_view text, const std::filesystem::path& path,
                                       const RankerOf& ranker_of);

// Throws ConfigError of the first key that this service does not carry and that would change
// answers, safety or who may call; notes the others. Called after the file was read.
void refuse_uncarried(ServiceSettings& settings);

}  // namespace tensor_service
