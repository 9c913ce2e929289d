// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A serving_server directory in, the inputs and outputs its serving_server_conf.prototxt declares
// out. Called by open_bundle.

#pragma once

#include <filesystem>
#include <vector>

#include "bundle/bundle.h"

namespace tensor_service {

struct ServingConf {
  std::filesystem::path file;
  std::vector<TensorSpec> feeds;
  std::vector<TensorSpec> fetches;
};

// True when the directory holds either form of the file.
bool has_serving_conf(const std::filesystem::path& server_dir);

// Reads serving_server_conf.prototxt, or the binary serving_server_conf.stream.prototxt where the
// text is absent. Throws BundleError.
ServingConf read_serving_conf(const std::filesystem::path& server_dir);

}  // namespace tensor_service
