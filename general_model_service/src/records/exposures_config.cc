// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "records/exposures_config.h"

#include "experiments/checked_values.h"

namespace tensor_service {

ExposuresConfig read_exposures(const JsonNode* node) {
  ExposuresConfig config;
  if (node == nullptr) {
    return config;
  }
  if (node->given("directory") != nullptr) {
    config.directory = text_of(*node, "directory");
  }
  config.max_file_bytes = whole_of(*node, "max_file_bytes", config.max_file_bytes);
  config.max_queue = whole_of(*node, "max_queue", config.max_queue);
  config.max_queue_bytes = whole_of(*node, "max_queue_bytes", config.max_queue_bytes);
  const std::string fsync = text_of(*node, "fsync", "interval");
  config.fsync = fsync == "always"  ? Fsync::kAlways
                 : fsync == "never" ? Fsync::kNever
                                    : Fsync::kInterval;
  config.fsync_interval_s = number_of(*node, "fsync_interval_s", config.fsync_interval_s);
  config.max_positions = whole_of(*node, "max_positions", config.max_positions);
  config.keep_texts = flag_of(*node, "keep_texts", config.keep_texts);
  config.shadow_threads = whole_of(*node, "shadow_threads", config.shadow_threads);
  return config;
}

}  // namespace tensor_service
