// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "experiments/experiment_config.h"

#include "experiments/checked_values.h"
#include "settings/key_rules.h"

namespace tensor_service {
namespace {

std::optional<double> moment(const JsonNode& section, std::string_view key) {
  const JsonNode* value = section.given(key);
  return value == nullptr ? std::nullopt : moment_of(*value);
}

VariantConfig variant_of(const JsonNode& node) {
  return {text_of(node, "name"), text_of(node, "ranker"), text_of(node, "bundle"),
          number_of(node, "weight", 1.0)};
}

ExperimentConfig experiment_of(const JsonNode& node) {
  ExperimentConfig one;
  one.name = text_of(node, "name");
  one.salt = text_of(node, "salt");
  one.mode = text_of(node, "mode", one.mode);
  if (const JsonNode* variants = node.given("variants")) {
    for (const JsonNode& variant : variants->items) {
      one.variants.push_back(variant_of(variant));
    }
  }
  one.coverage = number_of(node, "coverage", 1.0);
  one.start = moment(node, "start");
  one.end = moment(node, "end");
  if (const JsonNode* space = node.given("namespace")) {
    one.space = {text_of(*space, "name"), number_of(*space, "start", 0.0),
                 number_of(*space, "end", 1.0)};
  }
  if (const JsonNode* listed = node.given("allow_list")) {
    for (const JsonNode& member : listed->items) {
      one.allow_list.emplace_back(member.key, member.text);
    }
  }
  one.fallback = text_of(node, "fallback");
  return one;
}

}  // namespace

std::vector<ExperimentConfig> read_experiments(const JsonNode* node) {
  std::vector<ExperimentConfig> experiments;
  if (node != nullptr) {
    for (const JsonNode& item : node->items) {
      experiments.push_back(experiment_of(item));
    }
  }
  return experiments;
}

HoldoutConfig read_holdout(const JsonNode* node) {
  HoldoutConfig holdout;
  if (node != nullptr) {
    holdout.salt = text_of(*node, "salt", holdout.salt);
    holdout.share = number_of(*node, "share", 0.0);
  }
  return holdout;
}

}  // namespace tensor_service
