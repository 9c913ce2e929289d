// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// What config_nlp.yml asks for, as what the parts of the program take; and the bundles that it
// names, loaded and checked as the Pipeline checks them.

#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "program/options.h"
#include "settings/service_settings.h"

namespace tensor_service {

// One bundle of the service, in the order of its places.
struct ServedBundle {
  std::string ranker;
  std::string where;  // path of its op in the file
  std::string key;    // that names the bundle
  ModelOptions model;
};

// Which ranker a bundle's directory holds, or its serving_server, also without a manifest; empty
// where that cannot be told.
std::string ranker_of_bundle(const std::filesystem::path& path);

// Of its manifest; empty where that cannot be read.
std::string version_of_bundle(const std::filesystem::path& path);

// Ports, limits and batches.
Options options_of(const ServiceSettings& settings);

// The default ranker's first, and of each ranker that of model_config.
std::vector<ServedBundle> bundles_of(const ServiceSettings& settings,
                                     const std::filesystem::path& engine_cache);

// Makes the directory of compiled graphs and leaves the newest in it; empty where that fails, which
// is logged.
std::filesystem::path open_engine_cache(const ServiceSettings& settings);

// Throws ConfigError or BundleError.
std::shared_ptr<Model> load_bundle(const ServedBundle& bundle);

// Throws ConfigError: another ranker's, or one that takes no texts.
void check_bundle(const ServedBundle& bundle, const Model& model);

}  // namespace tensor_service
