// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The model of sum_model.h as a ranker of texts that knows one word, "a".

#pragma once

#include <memory>
#include <string>

#include "sum_model.h"

namespace tensor_service {

// The sum of a row's ids is its logit.
inline std::shared_ptr<Model> text_model(SumLog& log, const std::string& ranker = "cross_encoder") {
  auto model = sum_model(log);
  model->bundle.manifest->ranker = ranker;
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
