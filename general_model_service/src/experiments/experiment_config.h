// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The keys experiments and holdout of config_nlp.yml, of a file that settings has checked key by
// key. What needs more than one key is checked by make_plan.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/json_node.h"

namespace tensor_service {

// experiments[i].variants[j]: who answers.
struct VariantConfig {
  std::string name;
  std::string ranker;
  std::string bundle;  // version of one of the ranker's bundles; empty: that of model_config
  double weight = 1.0;

  bool operator==(const VariantConfig&) const = default;
};

// experiments[i].namespace: the part of all units among which the experiment deals.
struct NamespaceConfig {
  std::string name;
  double start = 0.0;
  double end = 1.0;

  bool operator==(const NamespaceConfig&) const = default;
};

struct HoldoutConfig {
  std::string salt = "holdout";
  double share = 0.0;

  bool operator==(const HoldoutConfig&) const = default;
};

struct ExperimentConfig {
  std::string name;
  std::string salt;  // empty: the name
  std::string mode = "split";
  std::vector<VariantConfig> variants;
  double coverage = 1.0;
  std::optional<double> start;  // seconds since 1970
  std::optional<double> end;
  std::optional<NamespaceConfig> space;                         // the key is "namespace"
  std::vector<std::pair<std::string, std::string>> allow_list;  // unit and variant
  std::string fallback;                                         // a ranker, or empty

  bool operator==(const ExperimentConfig&) const = default;
};

// Null for a key that is not there.
std::vector<ExperimentConfig> read_experiments(const JsonNode* node);
HoldoutConfig read_holdout(const JsonNode* node);

}  // namespace tensor_service
