// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// All that the service has of experiments: the plan that decides, the records of what was shown,
// shadows, the traffic of the last minutes, and the paths that tell of them. Any thread.

#pragma once

#include <string>
#include <string_view>

#include "call/call.h"
#include "experiments/router.h"
#include "ranking/ranking_error.h"
#include "ranking/text_route.h"
#include "ranking/traffic_report.h"
#include "records/recorder.h"
#include "report/recent_traffic.h"
#include "service/shadow.h"

namespace tensor_service {

// Whether a path, without a slash at its end, tells of experiments or takes feedback.
bool is_experiment_path(std::string_view path);
bool takes_feedback(std::string_view path);

// How a ranking request ended.
struct Ended {
  const RankRequest& request;
  const Route& route;
  Outcome outcome;
  double seconds;  // that it took
};

class Experiments {
 public:
  Experiments(const ExposuresConfig& exposures, const TextLimits& limits, std::size_t max_body,
              Shadow::Served served, Scheduler& scheduler);

  Router& router() { return router_; }
  RecentTraffic& traffic() { return traffic_; }

  // Counts and records what an experiment showed; what fails here fails no request.
  void exposed(const Ended& ended) noexcept;
  // Scores a request again, where its route says so; alike.
  void shadow(const RankRequest& request, const Route& route, const Ranking& answered) noexcept;

  // A call to is_experiment_path. Throws CallError where what its body becomes may not be held.
  TextAnswer answer(Call& call, std::string_view path, TrafficState state);
  // Keeps feedback that came by RPC; returns the request's id. Throws RankingError, and what `more`
  // throws.
  std::string keep(const WireLists& lists, const MoreBytes& more);
  // That it cannot be answered.
  static TextAnswer refuse(std::string_view path, const RankingError& error);

  // For the end, before the scheduler forgets its jobs.
  void stop() { shadow_.stop(); }

  // The families of /metrics that tell of experiments, as the Pipeline names them.
  std::string metrics_text() const;

 private:
  std::string look(Call& call, std::string_view path, TrafficState&& state) const;
  std::string keep(Call& call);

  const TextLimits limits_;
  const std::size_t max_body_;
  Router router_;
  RecentTraffic traffic_;
  Recorder recorder_;
  Shadow shadow_;
};

}  // namespace tensor_service
