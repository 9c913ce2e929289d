// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "records/recorder.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <utility>

#include "experiments/router.h"
#include "json/json_text.h"

namespace tensor_service {
namespace {

constexpr std::chrono::milliseconds kStop{3000};

Target served_by(const Outcome& outcome) {
  return outcome.response == nullptr ? Target{}
                                     : Target{outcome.response->ranker, outcome.response->bundle};
}

// Who answers beside the assigned one, as the second of two orders may, is no
// fallback.
bool is_fallback(const Target& served, const Route& route) {
  return served != route.assigned &&
         std::find(route.targets.begin() + 1, route.targets.end(), served) == route.targets.end();
}

// A family's head, and a line for each log.
template <class Value>
std::string family(std::string_view name, std::string_view type, std::string_view help,
                   const std::pair<const char*, RecordFigures> (&logs)[2], Value value) {
  std::string text = "# HELP " + std::string(name) + " " + std::string(help) + "\n# TYPE " +
                     std::string(name) + " " + std::string(type) + "\n";
  for (const auto& [log, figures] : logs) {
    for (const auto& [labels, number] : value(figures)) {
      text += std::string(name) + "{log=\"" + log + "\"" + labels + "} " + std::to_string(number) +
              "\n";
    }
  }
  return text;
}

}  // namespace

Recorder::Recorder(const ExposuresConfig& config) : config_(config) {
  if (config.directory) {
    const std::filesystem::path directory = *config.directory;
    exposures_ = std::make_unique<RecordLog>("exposures", directory, config);
    feedback_ = std::make_unique<RecordLog>("feedback", directory, config);
    exposures_->start();
    feedback_->start();
  }
}

Recorder::~Recorder() {
  for (RecordLog* log : {exposures_.get(), feedback_.get()}) {
    if (log != nullptr) {
      log->stop(kStop);
    }
  }
}

void Recorder::exposed(const RankRequest& request, const Route& route, const Outcome& outcome,
                       double seconds) {
  if (route.experiment.empty()) {
    return;
  }
  const Target served = served_by(outcome);
  const bool fell_back = outcome.response != nullptr && is_fallback(served, route);
  {
    const std::lock_guard lock(mutex_);
    ++routed_[{route.experiment, route.variant, served.ranker, fell_back}];
  }
  if (exposures_) {
    Exposure made = exposure(request, route, outcome);
    made.latency_ms = seconds * 1000.0;
    record(std::move(made));
  }
}

void Recorder::record(Record record) {
  if (exposures_) {
    exposures_->offer(std::move(record));
  }
}

void Recorder::feedback(Feedback feedback) {
  if (!feedback_) {
    refuse_field("feedback", "this service keeps no feedback; set exposures.directory");
  }
  if (!feedback_->offer(std::move(feedback))) {
    throw RankingError(Fault::kOverloaded, "feedback waits for the disk; try again later");
  }
}

Exposure Recorder::exposure(const RankRequest& request, const Route& route,
                            const Outcome& outcome) const {
  const Target served = served_by(outcome);
  Exposure made;
  made.time = seconds_now();
  made.request_id = request.request_id;
  made.experiment = route.experiment;
  made.mode = route.mode;
  made.variant = route.variant;
  made.reason = route.reason;
  made.unit = route.unit;
  made.assigned_ranker = route.assigned.ranker;
  made.assigned_bundle = route.assigned.bundle;
  made.served_ranker = served.ranker;
  made.served_bundle = served.bundle;
  made.err_no = outcome.error == nullptr ? 0 : outcome.error->facts().err_no;
  made.documents = request.titles.size();
  if (outcome.response != nullptr) {
    add_shown(request, *outcome.response, made);
  }
  return made;
}

void Recorder::add_shown(const RankRequest& request, const RankResponse& response,
                         Exposure& record) const {
  std::vector<Shown> shown = shown_of(response);
  shown.resize(std::min(shown.size(), static_cast<std::size_t>(config_.max_positions)));
  for (const Shown& one : shown) {
    record.order.push_back(one.index);
    record.scores.push_back(one.ranking->scores[one.index]);
    if (response.draft) {
      record.teams.emplace_back(one.team);
    }
    if (config_.keep_texts) {
      record.titles.emplace_back(request.titles[one.index]);
    }
  }
  record.queue_ms = response.timings.queue_ms;
  record.compute_ms = response.timings.compute_ms;
  if (config_.keep_texts) {
    record.query = request.queries.front();
  }
}

std::string Recorder::metrics_text() const {
  const std::pair<const char*, RecordFigures> logs[2] = {
      {"exposures", exposures_ ? exposures_->figures() : RecordFigures{}},
      {"feedback", feedback_ ? feedback_->figures() : RecordFigures{}}};
  using Lines = std::vector<std::pair<std::string, std::int64_t>>;
  std::string text =
      "# HELP ranking_routed_total Requests of experiments, by "
      "assigned variant and by who served "
      "(empty: nobody).\n# TYPE ranking_routed_total counter\n";
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [routed, count] : routed_) {
      const auto& [experiment, variant, ranker, fell_back] = routed;
      text += "ranking_routed_total{experiment=" + json_string(experiment) + ",fallback=\"" +
              (fell_back ? "true" : "false") + "\",ranker=" + json_string(ranker) +
              ",variant=" + json_string(variant) + "} " + std::to_string(count) + "\n";
    }
  }
  if (exposures_) {
    text += family("ranking_records_total", "counter",
                   "Records of experiments: on disk, or lost (no room in the "
                   "queue, no disk at the "
                   "stop).",
                   logs, [](const RecordFigures& figures) {
                     return Lines{{",outcome=\"written\"", figures.written},
                                  {",outcome=\"lost\"", figures.lost}};
                   });
    text += family("ranking_record_queue", "gauge", "Records that wait.", logs,
                   [](const RecordFigures& figures) {
                     return Lines{{"", figures.waiting}};
                   });
    text += family("ranking_record_queue_bytes", "gauge", "Memory of the records that wait.", logs,
                   [](const RecordFigures& figures) {
                     return Lines{{"", figures.waiting_bytes}};
                   });
  }
  return text;
}

}  // namespace tensor_service
