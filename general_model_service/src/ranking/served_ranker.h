// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// What text requests need of a bundle that answers them: its names, its encoder, its scores. A view
// of a bundle and an encoder that somebody keeps.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bundle/bundle.h"
#include "bundle/scoring.h"
#include "experiments/plan.h"
#include "text/pair_encoder.h"

namespace tensor_service {

struct ServedRanker {
  const Bundle* bundle = nullptr;
  const PairEncoder* encoder = nullptr;
  const ScoreFunction* score = nullptr;
  std::size_t place = 0;  // among the service's bundles

  const Manifest& manifest() const { return *bundle->manifest; }
  // "ernie" or "rocketqa": upstream's name of the service.
  std::string_view service() const;
  // Of a margin; by the calibration where the bundle has one.
  double score_of(double margin) const;
};

// Names besides the rankers' own, each with the ranker that it stands for.
struct RankerNames {
  using Names = std::vector<std::pair<std::string, std::string>>;
  Names models;    // that a caller may give as "model"
  Names services;  // of /<service>/prediction
};

// The bundles of a request's moment, the default ranker's first and of each ranker that which
// answers for it. One that has a name here is never empty.
class ServedRankers {
 public:
  explicit ServedRankers(std::vector<ServedRanker> bundles, const RankerNames* names = nullptr,
                         std::shared_ptr<const Plan> plan = nullptr);

  const ServedRanker& first() const { return bundles_.front(); }
  const std::vector<ServedRanker>& bundles() const { return bundles_; }
  // Those that answer for their rankers.
  const std::vector<ServedRanker>& rankers() const { return rankers_; }

  // The experiments of the moment; null: there can be none.
  const Plan* plan() const { return plan_.get(); }
  // The bundle; that which answers for its ranker where it is not served any more; null: nor is the
  // ranker.
  const ServedRanker* of_target(const Target& target) const;

  // What a caller may give as "model": the ranker, or null to leave it to the service, as the name
  // of an experiment does. Throws RankingError for a name that nothing has.
  const ServedRanker* find(const std::string& model) const;

  // Whether a "model" that find knows names an experiment.
  bool is_experiment(const std::string& model) const;

  // Throws RankingError unless /<service>/prediction is answered.
  void check_service(std::string_view service) const;

  // Whom a service's request names, the default ranker first: the body's ranker wins over the
  // header's. Empty: nobody. Throws RankingError when that is not served.
  std::vector<ServedRanker> asked(std::string_view service,
                                  const std::optional<std::string>& ranker,
                                  const std::string& header) const;

 private:
  const ServedRanker* of_ranker(std::string_view ranker) const;
  const ServedRanker* of_service(std::string_view service) const;

  std::vector<ServedRanker> bundles_;
  std::vector<ServedRanker> rankers_;
  const RankerNames* names_;
  std::shared_ptr<const Plan> plan_;
};

}  // namespace tensor_service
