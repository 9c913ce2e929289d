// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A graph's operations in, the sizes of its embedding tables out: how many values each input may
// have, and how many positions a row. Called by model/bounds.cc.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "graph/ops.h"

namespace tensor_service {

struct EmbeddingTables {
  std::map<std::string, std::int64_t> rows;  // by the input that is looked up, under each name
  std::optional<std::int64_t> positions;     // of the table that a counter is looked up in
};

// The smallest, where an input is looked up in several.
EmbeddingTables find_tables(const GraphOps& graph);

}  // namespace tensor_service
