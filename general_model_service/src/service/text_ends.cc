// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// What experiments and the traffic of the last minutes are told of requests with texts.

#include <new>
#include <utility>

#include "ranking/traffic_report.h"
#include "service/text_exchange.h"

namespace tensor_service {

TrafficState TextService::traffic_state(const Exchange& exchange) const {
  TrafficState state;
  state.time = seconds_now();
  state.reason = not_ready_();
  state.in_flight = in_flight_;
  for (const ServedRanker& ranker : exchange.rankers->rankers()) {
    RankerRows rows{.ranker = ranker.manifest().ranker};
    for (const ServedRanker& bundle : exchange.rankers->bundles()) {
      if (bundle.manifest().ranker == rows.ranker) {
        const LaneRows own = scheduler_.rows(bundle.place);
        rows.computed += own.computed;
        rows.waiting += own.waiting;
      }
    }
    state.rankers.push_back(std::move(rows));
  }
  return state;
}

// Tells the experiments how a request ended, and the traffic of the last minutes.
void TextService::note_end(Exchange& exchange, const Outcome& outcome, int http_status) noexcept {
  if (experiments_ == nullptr) {
    return;
  }
  const double seconds = milliseconds_between(exchange.call.received, Clock::now()) / 1000.0;
  const bool dry = exchange.arrival.dry_run;
  const Progress& progress = exchange.progress;
  try {
    TrafficLine line;
    const auto add = [&](const std::string& ranker) {
      if (line.ranker.empty()) {
        line.ranker = ranker;
      } else if (line.ranker != ranker) {
        line.ranker += "+" + ranker;
      }
    };
    if (outcome.response != nullptr) {
      add(outcome.response->ranker);
      for (const Ranking& other : outcome.response->others) {
        add(other.ranker);
      }
    }
    if (!progress.asked.empty() && !dry) {
      line.experiment = progress.experiment;
      line.variant = progress.variant;
      for (std::size_t i = 0; outcome.error != nullptr && i < progress.asked.size(); ++i) {
        add(progress.asked[i].manifest().ranker);
      }
    }
    experiments_->traffic().ended(line, http_status, seconds);
  } catch (const std::bad_alloc&) {
    metrics_.count(Status::kNoMemory);
  }
  if (!dry && !progress.asked.empty()) {
    experiments_->exposed({exchange.request, exchange.chosen, outcome, seconds});
  }
}

}  // namespace tensor_service
