// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A YAML document in, the tree that Python's yaml.safe_load makes of it out; a key that stands
// twice in one mapping is refused, as by pipeline/settings/yaml_file.py. Called where a
// configuration file is read.

#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

#include "json/json_node.h"

namespace tensor_service {

// Not YAML, or more than is read; what() is the reason, with line and column.
class YamlError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

inline constexpr std::size_t kMostYamlBytes = 4U << 20U;
// Each use of an alias counts the values behind it once more.
inline constexpr std::size_t kMostYamlValues = 200'000;
inline constexpr std::size_t kMostYamlDepth = 100;

// Scalars as YAML 1.1 has them: yes and off are booleans, 010 is eight, 1:30 is ninety. A date, or
// a date and a time, is a kMoment. An object with a key that is no text has that key, as repr()
// shows it, in `text`. An empty document is null. name: of the file, for errors. Throws YamlError.
JsonNode read_yaml(std::string_view text, std::string_view name = "<unicode string>");

}  // namespace tensor_service
