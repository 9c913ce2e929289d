// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Everything that can be wrong with experiments together is found here, before they are used: at
// the start of the service, and at each change of the file.

#include <algorithm>

#include "experiments/plan.h"
#include "json/python_text.h"
#include "settings/config_error.h"

namespace tensor_service {
namespace {

constexpr std::size_t kLongestName = 64;

bool is_name(std::string_view name) {
  const auto is_alphanumeric = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  };
  const auto may_follow = [&](char c) {
    return is_alphanumeric(c) || std::string_view("_.:-").find(c) != std::string_view::npos;
  };
  return !name.empty() && name.size() <= kLongestName && is_alphanumeric(name[0]) &&
         std::all_of(name.begin(), name.end(), may_follow);
}

void check_name(const std::string& name, const std::string& where,
                const std::vector<std::string>& names) {
  if (!is_name(name)) {
    throw ConfigError(where, "must be 1 to 64 letters, digits, '_', '.', ':' or '-', got " +
                                 python_repr(name, std::string::npos));
  }
  if (std::count(names.begin(), names.end(), name) > 1) {
    throw ConfigError(where, name + " stands twice; give each its own");
  }
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    text += (text.empty() ? "" : ", ") + name;
  }
  return text;
}

std::vector<std::string> rankers_of(const Served& served) {
  std::vector<std::string> names;
  for (const ServedVersions& one : served) {
    names.push_back(one.ranker);
  }
  return names;
}

const ServedVersions* find(const Served& served, std::string_view ranker) {
  const auto found =
      std::find_if(served.begin(), served.end(),
                   [ranker](const ServedVersions& one) { return one.ranker == ranker; });
  return found == served.end() ? nullptr : &*found;
}

// Checks and builds one experiment.
class Maker {
 public:
  Maker(const ExperimentConfig& config, std::string where, const Served& served)
      : config_(config), where_(std::move(where)), served_(served) {
    for (const VariantConfig& variant : config.variants) {
      names_.push_back(variant.name);
    }
  }

  Experiment make() const {
    check();
    std::vector<Target> targets;
    for (std::size_t i = 0; i < names_.size(); ++i) {
      targets.push_back(target(i));
    }
    std::vector<Route> made = routes(targets);
    const std::vector<double> dealt = weights(made.size());
    if (!(python_sum(dealt) > 0)) {
      throw ConfigError(where_ + ".variants", "all weights are 0");
    }
    auto listed = allow_list(made);
    const std::string& salt = config_.salt.empty() ? config_.name : config_.salt;
    return {config_.name,      std::move(made), Assignment(dealt, salt, config_.coverage),
            std::move(listed), space(),         config_.start,
            config_.end};
  }

 private:
  bool splits() const { return config_.mode == kSplit; }
  std::string variant_path(std::size_t i, const char* key) const {
    return where_ + ".variants[" + std::to_string(i) + "]." + key;
  }

  void check() const {
    std::vector<std::string> taken = names_;
    taken.emplace_back(kInterleaved);
    for (std::size_t i = 0; i < names_.size(); ++i) {
      check_name(names_[i], variant_path(i, "name"), taken);
      if (config_.variants[i].ranker.empty()) {
        throw ConfigError(variant_path(i, "ranker"),
                          "missing; name one of " + joined(rankers_of(served_)));
      }
    }
    if (splits() && names_.empty()) {
      throw ConfigError(where_ + ".variants", "must hold at least one variant");
    }
    if (!splits() && names_.size() != 2) {
      throw ConfigError(where_ + ".variants", "must hold two variants for mode " + config_.mode +
                                                  ", got " + std::to_string(names_.size()));
    }
    if (config_.start && config_.end && *config_.start >= *config_.end) {
      throw ConfigError(where_ + ".end", "must be after start");
    }
  }

  Target target(std::size_t i) const {
    const VariantConfig& variant = config_.variants[i];
    const ServedVersions* ranker = find(served_, variant.ranker);
    if (ranker == nullptr) {
      throw ConfigError(variant_path(i, "ranker"),
                        variant.ranker + " is not served; served: " + joined(rankers_of(served_)));
    }
    const auto& versions = ranker->versions;
    const std::string& bundle = variant.bundle.empty() ? versions.front() : variant.bundle;
    if (std::find(versions.begin(), versions.end(), bundle) == versions.end()) {
      throw ConfigError(variant_path(i, "bundle"),
                        variant.ranker + " has no bundle " + bundle + ", only " + joined(versions) +
                            "; name its directory in the op's more_bundles and restart");
    }
    return {variant.ranker, bundle};
  }

  std::vector<Route> routes(const std::vector<Target>& targets) const {
    Route common;
    common.experiment = config_.name;
    common.mode = config_.mode;
    common.fallback = fallback();
    if (!splits() && targets[0] == targets[1]) {
      throw ConfigError(where_ + ".variants", "both are the same bundle of the same ranker");
    }
    if (config_.mode == kInterleave) {
      common.targets = targets;
      common.variant = kInterleaved;
      common.assigned = targets[0];
      common.teams = names_;
      return {common};
    }
    const bool shadows = config_.mode == kShadow;
    if (shadows) {
      common.shadow = targets[1];
      common.shadow_variant = names_[1];
    }
    std::vector<Route> made;
    for (std::size_t i = 0; i < (shadows ? 1 : names_.size()); ++i) {
      made.push_back(common);
      made.back().targets = {targets[i]};
      made.back().variant = names_[i];
      made.back().assigned = targets[i];
    }
    return made;
  }

  std::optional<Target> fallback() const {
    if (config_.fallback.empty()) {
      return std::nullopt;
    }
    const ServedVersions* ranker = find(served_, config_.fallback);
    if (ranker == nullptr) {
      throw ConfigError(where_ + ".fallback", config_.fallback + " is not served; served: " +
                                                  joined(rankers_of(served_)));
    }
    return Target{ranker->ranker, ranker->versions.front()};
  }

  std::vector<double> weights(std::size_t count) const {
    std::vector<double> given(count, 1.0);
    for (std::size_t i = 0; splits() && i < count; ++i) {
      given[i] = config_.variants[i].weight;
    }
    return given;
  }

  std::unordered_map<std::string, std::size_t> allow_list(const std::vector<Route>& made) const {
    std::unordered_map<std::string, std::size_t> listed;
    for (const auto& [unit, variant] : config_.allow_list) {
      std::vector<std::string> known;
      for (const Route& route : made) {
        known.push_back(route.variant);
      }
      const auto found = std::find(known.begin(), known.end(), variant);
      if (found == known.end()) {
        throw ConfigError(where_ + ".allow_list." + unit,
                          variant + " is no variant; known are " + joined(known));
      }
      listed[unit] = static_cast<std::size_t>(found - known.begin());
    }
    return listed;
  }

  std::optional<Namespace> space() const {
    if (!config_.space) {
      return std::nullopt;
    }
    if (config_.space->name.empty()) {
      throw ConfigError(where_ + ".namespace.name",
                        "missing; experiments of one namespace share no unit");
    }
    if (config_.space->start >= config_.space->end) {
      throw ConfigError(where_ + ".namespace.end", "must be above start");
    }
    return Namespace{config_.space->name, config_.space->start, config_.space->end};
  }

  const ExperimentConfig& config_;
  const std::string where_;
  const Served& served_;
  std::vector<std::string> names_;
};

}  // namespace

Plan make_plan(const std::vector<ExperimentConfig>& experiments, const HoldoutConfig& holdout,
               const Served& served) {
  Plan plan;
  for (const ServedVersions& one : served) {
    plan.rankers.push_back({one.ranker, one.versions.front()});
  }
  std::vector<std::string> names;
  for (std::size_t i = 0; i < experiments.size(); ++i) {
    const ExperimentConfig& one = experiments[i];
    names.push_back(one.name);
    if (holdout.share > 0 && holdout.salt == (one.salt.empty() ? one.name : one.salt)) {
      throw ConfigError("experiments[" + std::to_string(i) + "].salt",
                        "is that of the hold-out, which would take whole variants; name another");
    }
  }
  for (std::size_t i = 0; i < experiments.size(); ++i) {
    const std::string where = "experiments[" + std::to_string(i) + "]";
    check_name(experiments[i].name, where + ".name", names);
    plan.experiments.push_back(Maker(experiments[i], where, served).make());
  }
  if (holdout.share > 0) {
    plan.holdout = Holdout{holdout.salt, holdout.share};
  }
  return plan;
}

}  // namespace tensor_service
