// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// See tables.h.

#include "graph/tables.h"

#include <algorithm>
#include <set>

namespace tensor_service {
namespace {

constexpr int kMostSteps = 6;  // from a lookup to the constant that its table is made of

bool is_table(const std::vector<std::int64_t>& shape) { return shape.size() == 2 && shape[0] > 0; }

// Rows of the largest table that the name is made of: a table may be dequantized, masked or
// multiplied before it is read. 0: none.
std::int64_t rows_of_table(const GraphOps& graph, const std::string& name, int steps = 0) {
  if (const auto constant = graph.constants.find(name); constant != graph.constants.end()) {
    return is_table(constant->second) ? constant->second[0] : 0;
  }
  const auto op = graph.by_output.find(name);
  if (op == graph.by_output.end() || steps == kMostSteps || op->second.kind == OpKind::kLookup) {
    return 0;
  }
  std::int64_t rows = 0;
  for (const std::string& input : op->second.inputs) {
    rows = std::max(rows, rows_of_table(graph, input, steps + 1));
  }
  return rows;
}

// The name that the ids are, but for their type and shape.
std::string origin_of(const GraphOps& graph, std::string name) {
  for (auto op = graph.by_output.find(name);
       op != graph.by_output.end() && op->second.kind == OpKind::kSame &&
       !op->second.inputs.empty();
       op = graph.by_output.find(name)) {
    name = op->second.inputs.front();
  }
  return name;
}

// True when the ids count the places of a row: made by a counter, or cut from a constant. What is
// computed in any other way, such as distances that are clamped, says nothing of the row's length.
bool are_positions(const GraphOps& graph, const std::string& name, std::set<std::string>& seen) {
  const auto found = graph.by_output.find(name);
  if (found == graph.by_output.end() || !seen.insert(name).second) {
    return false;
  }
  const GraphOp& op = found->second;
  const auto follow = [&](const std::string& input) { return are_positions(graph, input, seen); };
  switch (op.kind) {
    case OpKind::kPositions:
      return true;
    case OpKind::kShift:
      return std::any_of(op.inputs.begin(), op.inputs.end(), follow);
    case OpKind::kPart:
    case OpKind::kSame:
      return !op.inputs.empty() &&
             ((op.kind == OpKind::kPart && graph.constants.contains(op.inputs.front())) ||
              follow(op.inputs.front()));
    default:
      return false;
  }
}

void take_least(std::int64_t rows, std::int64_t& kept) {
  kept = kept == 0 ? rows : std::min(kept, rows);
}

}  // namespace

EmbeddingTables find_tables(const GraphOps& graph) {
  EmbeddingTables tables;
  std::int64_t positions = 0;
  for (const GraphOp& lookup : graph.lookups) {
    const std::int64_t rows = rows_of_table(graph, lookup.inputs[0]);
    if (rows == 0) {
      continue;
    }
    const std::string origin = origin_of(graph, lookup.inputs[1]);
    bool is_input = false;
    for (const auto& [name, read_as] : graph.inputs) {
      if (read_as == origin) {
        take_least(rows, tables.rows[name]);
        is_input = true;
      }
    }
    std::set<std::string> seen;
    if (!is_input && are_positions(graph, origin, seen)) {
      take_least(rows, positions);
    }
  }
  if (positions > 0) {
    tables.positions = positions;
  }
  return tables;
}

}  // namespace tensor_service
