// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A ranker of one word, whose logit of a row is the sum of its ids; for tests of calls with texts.

#pragma once

#include <memory>
#include <vector>

#include "sum_model.h"

namespace tensor_service {

inline std::shared_ptr<Model> text_model(SumLog& log) {
  auto model = sum_model(log);
  model->bundle.manifest->ranker = "cross_encoder";
  model->bundle.manifest->score_function = "identity";
  model->bundle.manifest->logits = "sum";
  model->inputs[0].spec.alias = "input_ids";
  model->inputs[1].spec.alias = "token_type_ids";
  const std::vector<Token> tokens = {{"[UNK]", 0}, {"a", 1}};
  auto pieces = std::make_shared<const WordPieces>(tokens, 0);
  auto rules = std::make_shared<const CharacterRules>(Normalization{}, *pieces);
  model->encoder.emplace(pieces, rules, SpecialIds{1, 2}, 64, Truncation::kLongestFirst);
  return model;
}

}  // namespace tensor_service
