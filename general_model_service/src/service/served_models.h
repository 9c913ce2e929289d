// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The bundles that a service answers with at one moment. Whoever answers a request keeps them as
// they were when it came.

#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "model/model.h"
#include "ranking/served_ranker.h"

namespace tensor_service {

// The default ranker's first, and of each ranker that which answers for it; empty at the start.
struct ServedModels {
  std::vector<std::shared_ptr<Model>> models;

  bool empty() const { return models.empty(); }
  const std::shared_ptr<Model>& first() const { return models.front(); }
  // The bundle of a ranker, by "ranker" that which answers for it, by "ranker@version" any; null:
  // there is none.
  std::shared_ptr<Model> find(std::string_view name) const;
  // Names that find knows, for errors.
  std::string names() const;
};

// Whether the model takes texts: it has a manifest, a tokenizer that is read here, and the two
// inputs of a ranker.
bool takes_texts(const Model& model);

// Those that take texts, as text requests see them; empty: none does. names has to stay.
std::vector<ServedRanker> text_bundles(const ServedModels& served);

}  // namespace tensor_service
