// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A JSON object in, its fields out, each as the text that contract.bundle.manifest hashes: what
// Python's json reads from it and writes compactly, keys sorted, in UTF-8. Called by manifest.cc.

#pragma once

#include <map>
#include <string>
#include <string_view>

namespace tensor_service {

// By key, in the order of code points; of a key that stands twice the last value counts.
using JsonFields = std::map<std::string, std::string, std::less<>>;

// Throws CallError: not JSON, or no object.
JsonFields canonical_fields(std::string_view json);

}  // namespace tensor_service
