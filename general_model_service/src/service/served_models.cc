// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "service/served_models.h"

#include <algorithm>

#include "service/row_tensors.h"

namespace tensor_service {
namespace {

std::string_view ranker_of(const Model& model) {
  return model.bundle.manifest ? std::string_view(model.bundle.manifest->ranker)
                               : std::string_view();
}

}  // namespace

std::shared_ptr<Model> ServedModels::find(std::string_view name) const {
  const std::size_t sign = name.find('@');
  const std::string_view ranker = name.substr(0, sign);
  for (const auto& model : models) {
    const bool fits = sign == std::string_view::npos || model->version() == name.substr(sign + 1);
    if (!ranker.empty() && ranker_of(*model) == ranker && fits) {
      return model;
    }
  }
  return nullptr;
}

std::string ServedModels::names() const {
  std::string names;
  std::vector<std::string_view> before;
  for (const auto& model : models) {
    const std::string_view ranker = ranker_of(*model);
    const bool first = std::find(before.begin(), before.end(), ranker) == before.end();
    before.push_back(ranker);
    names += (names.empty() ? "" : ", ") + std::string(ranker);
    names += first ? "" : "@" + model->version();
  }
  return names;
}

bool takes_texts(const Model& model) {
  const auto is_input = [&](std::string_view alias) {
    return std::any_of(model.inputs.begin(), model.inputs.end(), [alias](const Input& input) {
      return input.spec.alias == alias && input.spec.type == ElemType::kInt64;
    });
  };
  const auto is_logits = [&](const Output& output) {
    return output.spec.alias == model.bundle.manifest->logits && output.type == ElemType::kFp32;
  };
  return model.bundle.manifest && model.encoder && model.inputs.size() == 2 &&
         is_input(kIdsAlias) && is_input(kTypesAlias) && model.rows_independent &&
         std::any_of(model.outputs.begin(), model.outputs.end(), is_logits);
}

std::vector<ServedRanker> text_bundles(const ServedModels& served) {
  std::vector<ServedRanker> bundles;
  for (std::size_t place = 0; place < served.models.size(); ++place) {
    const Model& model = *served.models[place];
    if (takes_texts(model)) {
      const Manifest& manifest = *model.bundle.manifest;
      bundles.push_back(
          {&model.bundle, &*model.encoder, find_score_function(manifest.score_function), place});
    }
  }
  return bundles;
}

}  // namespace tensor_service
