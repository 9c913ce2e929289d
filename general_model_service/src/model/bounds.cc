// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "model/bounds.h"

#include <algorithm>

#include "graph/tables.h"
#include "report/log.h"

namespace tensor_service {
namespace {

// As contract.encoding names and fills them.
constexpr std::string_view kInputIds = "input_ids";
constexpr std::string_view kTokenTypeIds = "token_type_ids";
constexpr std::int64_t kTokenTypes = 2;

EmbeddingTables tables_of(const Bundle& bundle) {
  try {
    return find_tables(read_graph_ops(bundle.model));
  } catch (const std::exception& error) {
    log_line(bundle.model.string() + ": its embedding tables cannot be read (" + error.what() +
             ")");
    return {};
  }
}

bool holds_whole_numbers(ElemType type) {
  return type == ElemType::kInt64 || type == ElemType::kInt32 || type == ElemType::kInt16 ||
         type == ElemType::kUint8 || type == ElemType::kInt8;
}

// What this project's own encoder gives that input.
void take_vocabulary(const Vocabulary& vocabulary, const Bundle& bundle, Input& input) {
  ValueBounds& bounds = input.bounds;
  if (input.spec.alias == kTokenTypeIds) {
    bounds.size = std::min(bounds.size.value_or(kTokenTypes), kTokenTypes);
  }
  if (input.spec.alias != kInputIds) {
    return;
  }
  if (bounds.size && vocabulary.size > *bounds.size) {
    throw BundleError(bundle.root.string() + ": tokenizer/vocab.txt has " +
                      std::to_string(vocabulary.size) + " tokens, the graph's embedding of " +
                      input.spec.alias + " has " + std::to_string(*bounds.size) +
                      " rows; export the bundle again with the vocabulary it was trained with");
  }
  bounds.size = vocabulary.size;
  bounds.pad_id = vocabulary.pad_id;
}

void say_what_is_not_told(const Model& model) {
  for (const Input& input : model.inputs) {
    if (holds_whole_numbers(input.spec.type) && !input.bounds.size) {
      log_line(model.bundle.model.string() + ": does not tell how many values " + input.spec.alias +
               " may have; what fits into 32 bits is computed");
    }
  }
}

}  // namespace

void find_bounds(Model& model) {
  const EmbeddingTables tables = tables_of(model.bundle);
  for (Input& input : model.inputs) {
    if (!holds_whole_numbers(input.spec.type)) {
      continue;
    }
    if (const auto rows = tables.rows.find(input.spec.name); rows != tables.rows.end()) {
      input.bounds.size = rows->second;
      input.bounds.positions = tables.positions;
    }
    if (model.bundle.vocabulary) {
      take_vocabulary(*model.bundle.vocabulary, model.bundle, input);
    }
  }
  say_what_is_not_told(model);
}

}  // namespace tensor_service
