// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// What keeps a configuration from being taken, named by the path of its key.

#pragma once

#include <stdexcept>
#include <string>

namespace tensor_service {

// what() is "field: message", as ConfigError of contract/errors.py shows itself.
class ConfigError : public std::runtime_error {
 public:
  ConfigError(const std::string& field, const std::string& message)
      : std::runtime_error(field.empty() ? message : field + ": " + message) {}
};

}  // namespace tensor_service
