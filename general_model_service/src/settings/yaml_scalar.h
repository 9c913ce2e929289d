// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A scalar of YAML 1.1 as Python's yaml.safe_load resolves and constructs it. Called by
// yaml_tree.cc.

#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "json/json_node.h"

namespace tensor_service {

// A value that its tag does not allow; what() is the reason.
class ScalarError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The tag that a plain scalar has by its looks: "int" of "12", "str" of most.
std::string_view implicit_tag(const std::string& value);

// The value by a tag of YAML's own ("int", "str", ...). Throws ScalarError.
JsonNode scalar_node(std::string_view tag, const std::string& value);

// A date, perhaps with a time. Throws ScalarError.
JsonNode moment_node(const std::string& value);

}  // namespace tensor_service
