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

// A comma between the names of all rankers.
template <class Name>
std::string names_of(const std::vector<ServedRanker>& rankers, Name name) {
  std::string names;
  for (const ServedRanker& ranker : rankers) {
    names += (names.empty() ? "" : ", ") + name(ranker);
  }
  return names;
}

}  // namespace

std::string_view ServedRanker::service() const {
  return manifest().ranker == "pairwise" ? "ernie" : "rocketqa";
}

double ServedRanker::score_of(double margin) const {
  const auto& calibration = manifest().calibration;
  return calibration ? calibration->score(margin) : score->score(margin);
}

const ServedRanker* ServedRankers::find(const std::string& model) const {
  if (model.empty() || model == kDefaultService) {
    return nullptr;
  }
  const auto found = std::find_if(rankers_.begin(), rankers_.end(), [&](const ServedRanker& one) {
    return model == one.manifest().ranker || model == one.service();
  });
  if (found != rankers_.end()) {
    return &*found;
  }
  if (model == kBothRankers) {
    throw RankingError(Fault::kUnknownService,
                       "both rankers make no one list; POST /ranker/prediction does", "model");
  }
  const std::string served = names_of(rankers_, [](const ServedRanker& one) {
    return one.manifest().ranker + ", " + std::string(one.service());
  });
  throw RankingError(Fault::kUnknownService,
                     "no model " + python_repr(model, 80) +
                         "; served: " + std::string(kDefaultService) + ", " + served,
                     "model");
}

void ServedRankers::check_service(std::string_view service) const {
  const bool known = service == kDefaultService ||
                     std::any_of(rankers_.begin(), rankers_.end(),
                                 [&](const ServedRanker& one) { return one.service() == service; });
  if (!known) {
    throw RankingError(Fault::kUnknownService, "Failed to inference: Service name error.");
  }
}

const ServedRanker& ServedRankers::asked(std::string_view service,
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
    const auto own = std::find_if(rankers_.begin(), rankers_.end(), [&](const ServedRanker& one) {
      return one.service() == service;
    });
    if (wanted && *wanted != own->manifest().ranker) {
      refuse_field("ranker", "the service " + std::string(service) + " answers with " +
                                 own->manifest().ranker + " only; ask " +
                                 std::string(kDefaultService));
    }
    return *own;
  }
  if (!wanted) {
    return first();
  }
  const auto found = std::find_if(rankers_.begin(), rankers_.end(), [&](const ServedRanker& one) {
    return one.manifest().ranker == *wanted;
  });
  if (found == rankers_.end()) {
    refuse_field("ranker", *wanted + " is not served here; served: " +
                               names_of(rankers_, [](const ServedRanker& one) {
                                 return one.manifest().ranker;
                               }));
  }
  return *found;
}

}  // namespace tensor_service
