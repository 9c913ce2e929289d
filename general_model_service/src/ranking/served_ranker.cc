// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "ranking/served_ranker.h"

#include <algorithm>

#include "json/python_text.h"
#include "ranking/ranking_error.h"
#include "ranking/values.h"

namespace tensor_service {
namespace {

constexpr std::string_view kDefaultService = "ranker";
constexpr std::string_view kRankerHeader = "x-ranker";

std::string joined(const std::vector<std::string_view>& names) {
  std::string text;
  for (const std::string_view name : names) {
    text += (text.empty() ? "" : ", ") + std::string(name);
  }
  return text;
}

// The ranker that the name stands for, or null.
const std::string* named(const RankerNames::Names& names, std::string_view name) {
  const auto found =
      std::find_if(names.begin(), names.end(), [&](const auto& one) { return one.first == name; });
  return found == names.end() ? nullptr : &found->second;
}

}  // namespace

std::string_view ServedRanker::service() const {
  return manifest().ranker == "pairwise" ? "ernie" : "rocketqa";
}

double ServedRanker::score_of(double margin) const {
  const auto& calibration = manifest().calibration;
  return calibration ? calibration->score(margin) : score->score(margin);
}

ServedRankers::ServedRankers(std::vector<ServedRanker> bundles, const RankerNames* names,
                             std::shared_ptr<const Plan> plan)
    : bundles_(std::move(bundles)), names_(names), plan_(std::move(plan)) {
  for (const ServedRanker& bundle : bundles_) {
    if (of_ranker(bundle.manifest().ranker) == nullptr) {
      rankers_.push_back(bundle);
    }
  }
}

const ServedRanker* ServedRankers::of_ranker(std::string_view ranker) const {
  const auto found = std::find_if(rankers_.begin(), rankers_.end(), [&](const ServedRanker& one) {
    return one.manifest().ranker == ranker;
  });
  return found == rankers_.end() ? nullptr : &*found;
}

const ServedRanker* ServedRankers::of_service(std::string_view service) const {
  for (const ServedRanker& one : rankers_) {
    if (one.service() == service) {
      return &one;
    }
  }
  const std::string* ranker = names_ == nullptr ? nullptr : named(names_->services, service);
  return ranker == nullptr ? nullptr : of_ranker(*ranker);
}

const ServedRanker* ServedRankers::of_target(const Target& target) const {
  for (const ServedRanker& one : bundles_) {
    if (one.manifest().ranker == target.ranker && one.manifest().version == target.bundle) {
      return &one;
    }
  }
  return of_ranker(target.ranker);
}

const ServedRanker* ServedRankers::find(const std::string& model) const {
  if (const std::string* ranker = names_ == nullptr ? nullptr : named(names_->models, model)) {
    return of_ranker(*ranker);
  }
  if (model.empty() || model == kDefaultService) {
    return nullptr;
  }
  for (const ServedRanker& one : rankers_) {
    if (model == one.manifest().ranker || model == one.service()) {
      return &one;
    }
  }
  if (plan_ && plan_->find(model) != nullptr) {
    return nullptr;
  }
  if (model == kBothRankers) {
    throw RankingError(Fault::kUnknownService,
                       "both rankers make no one list; POST /ranker/prediction does", "model");
  }
  std::vector<std::string_view> served{kDefaultService};
  for (const ServedRanker& one : rankers_) {
    served.insert(served.end(), {one.manifest().ranker, one.service()});
  }
  const RankerNames none;
  for (const auto& [alias, ranker] : (names_ == nullptr ? none : *names_).models) {
    if (!alias.empty() && std::find(served.begin(), served.end(), alias) == served.end()) {
      served.push_back(alias);
    }
  }
  for (std::size_t i = 0; plan_ && i < plan_->experiments.size(); ++i) {
    served.push_back(plan_->experiments[i].name);
  }
  throw RankingError(Fault::kUnknownService,
                     "no model " + python_repr(model, 80) + "; served: " + joined(served), "model");
}

bool ServedRankers::is_experiment(const std::string& model) const {
  const bool is_alias = names_ != nullptr && named(names_->models, model) != nullptr;
  const bool is_fixed = model == kDefaultService || of_service(model) != nullptr;
  return plan_ && !is_alias && !is_fixed && of_ranker(model) == nullptr &&
         plan_->find(model) != nullptr;
}

void ServedRankers::check_service(std::string_view service) const {
  if (service != kDefaultService && of_service(service) == nullptr) {
    throw RankingError(Fault::kUnknownService, "Failed to inference: Service name error.");
  }
}

std::vector<ServedRanker> ServedRankers::asked(std::string_view service,
                                               const std::optional<std::string>& ranker,
                                               const std::string& header) const {
  std::optional<std::string> wanted;
  if (!header.empty()) {
    wanted = check_ranker(header, kRankerHeader);
  }
  if (ranker) {
    wanted = ranker;
  }
  if (service != kDefaultService) {
    const ServedRanker& own = *of_service(service);
    if (wanted && *wanted != own.manifest().ranker) {
      refuse_field("ranker", "the service " + std::string(service) + " answers with " +
                                 own.manifest().ranker + " only; ask " +
                                 std::string(kDefaultService));
    }
    return {own};
  }
  if (!wanted) {
    return {};
  }
  if (*wanted == kBothRankers && rankers_.size() > 1) {
    return rankers_;
  }
  if (const ServedRanker* found = of_ranker(*wanted)) {
    return {*found};
  }
  std::vector<std::string_view> served;
  for (const ServedRanker& one : rankers_) {
    served.push_back(one.manifest().ranker);
  }
  refuse_field("ranker", *wanted + " is not served here; served: " + joined(served));
}

}  // namespace tensor_service
