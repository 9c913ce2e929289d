// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Makes exposures, counts what experiments showed, and queues all records for
// the disk. As pipeline/records/recorder.py. Any thread.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>

#include "experiments/route.h"
#include "ranking/rank_request.h"
#include "ranking/rank_response.h"
#include "ranking/ranking_error.h"
#include "records/record_log.h"

namespace tensor_service {

// How a request of an experiment ended: with one of the two.
struct Outcome {
  const RankResponse* response = nullptr;
  const RankingError* error = nullptr;
};

class Recorder {
 public:
  // Opens the logs, where the configuration names a directory, which has to be
  // absolute. Throws std::filesystem::filesystem_error where it cannot be made.
  explicit Recorder(const ExposuresConfig& config);
  // Writes what is queued.
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // Counts and records the end of a request that takes part in an experiment.
  void exposed(const RankRequest& request, const Route& route, const Outcome& outcome,
               double seconds);
  // Queues an exposure or a shadow comparison.
  void record(Record record);
  // Throws RankingError: the service keeps none, or there is no room now.
  void feedback(Feedback feedback);

  // The families of /metrics that tell of this, as the Pipeline names them.
  std::string metrics_text() const;

 private:
  // experiment, variant, who served, and whether that is a fallback
  using Routed = std::tuple<std::string, std::string, std::string, bool>;

  Exposure exposure(const RankRequest& request, const Route& route, const Outcome& outcome) const;
  void add_shown(const RankRequest& request, const RankResponse& response, Exposure& record) const;

  const ExposuresConfig config_;
  std::unique_ptr<RecordLog> exposures_;
  std::unique_ptr<RecordLog> feedback_;
  mutable std::mutex mutex_;
  std::map<Routed, std::int64_t> routed_;
};

}  // namespace tensor_service
