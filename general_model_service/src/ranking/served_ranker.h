// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// What text requests need of a bundle that answers them: its names, its encoder, its scores. A view
// of a bundle and an encoder that somebody keeps.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bundle/bundle.h"
#include "bundle/scoring.h"
#include "text/pair_encoder.h"

namespace tensor_service {

struct ServedRanker {
  const Bundle* bundle = nullptr;
  const PairEncoder* encoder = nullptr;
  const ScoreFunction* score = nullptr;

  const Manifest& manifest() const { return *bundle->manifest; }
  // "ernie" or "rocketqa": upstream's name of the service.
  std::string_view service() const;
  // Of a margin; by the calibration where the bundle has one.
  double score_of(double margin) const;
};

// The rankers of a request's moment, the default first.
class ServedRankers {
 public:
  explicit ServedRankers(std::vector<ServedRanker> rankers) : rankers_(std::move(rankers)) {}

  const ServedRanker& first() const { return rankers_.front(); }

  // What a caller may give as "model": the ranker, or null to leave it to the service. Throws
  // RankingError for a name that nothing has.
  const ServedRanker* find(const std::string& model) const;

  // Throws RankingError unless /<service>/prediction is answered.
  void check_service(std::string_view service) const;

  // Who answers a service's request: the body's ranker wins over the header's. Throws RankingError
  // when that is not served.
  const ServedRanker& asked(std::string_view service, const std::optional<std::string>& ranker,
                            const std::string& header) const;

 private:
  std::vector<ServedRanker> rankers_;
};

}  // namespace tensor_service
