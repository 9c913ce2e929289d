// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "service/experiments.h"

#include <algorithm>

#include "ranking/experiment_requests.h"
#include "ranking/prediction.h"
#include "records/feedback_request.h"
#include "report/log.h"

namespace tensor_service {
namespace {

constexpr std::string_view kTrafficPath = "/v1/traffic";
constexpr std::string_view kAssignmentsPath = "/v1/assignments";
constexpr std::string_view kInterleavePath = "/v1/interleave";
constexpr std::string_view kFeedback = "/feedback";
// A tree that is no larger is not counted.
constexpr std::size_t kSmallTree = 256U << 10U;

// The methods of a path, as a refusal of others tells them.
std::string allowed_of(std::string_view path) {
  return path == kTrafficPath || path == kAssignmentsPath ? "GET, HEAD" : "POST";
}

bool allows(std::string_view path, std::string_view method) {
  const bool asks = method == "GET" || method == "HEAD";
  if (path == kTrafficPath) {
    return asks;
  }
  return method == "POST" || (asks && path == kAssignmentsPath);
}

// POST /v1/traffic has the form of a service and a method.
bool is_service_path(std::string_view path, std::string_view method) {
  return path == kTrafficPath && method == "POST";
}

}  // namespace

bool takes_feedback(std::string_view path) {
  return path == kFeedback || path == "/feedback/prediction";
}

bool is_experiment_path(std::string_view path) {
  return path == kTrafficPath || path == kAssignmentsPath || path == kInterleavePath ||
         takes_feedback(path);
}

Experiments::Experiments(const ExposuresConfig& exposures, const TextLimits& limits,
                         std::size_t max_body, Shadow::Served served, Scheduler& scheduler)
    : limits_(limits),
      max_body_(max_body),
      router_(Plan{}),
      recorder_(exposures),
      shadow_(limits, std::move(served), scheduler, recorder_, exposures.shadow_threads) {}

void Experiments::exposed(const Ended& ended) noexcept {
  try {
    recorder_.exposed(ended.request, ended.route, ended.outcome, ended.seconds);
  } catch (const std::exception& error) {
    log_line(std::string("a record failed: ") + error.what());
  }
}

void Experiments::shadow(const RankRequest& request, const Route& route,
                         const Ranking& answered) noexcept {
  if (!route.shadow) {
    return;
  }
  try {
    shadow_.offer(request, route, answered);
  } catch (const std::exception& error) {
    log_line(std::string("a shadow failed: ") + error.what());
  }
}

TextAnswer Experiments::answer(Call& call, std::string_view path, TrafficState state) {
  if (!allows(path, call.method) && !is_service_path(path, call.method)) {
    return wrong_method(call.method, allowed_of(path));
  }
  TextAnswer answer;
  try {
    if (is_service_path(path, call.method)) {
      throw RankingError(Fault::kUnknownService, "no method 'traffic'; POST /v1/prediction");
    }
    answer.body = takes_feedback(path) ? keep(call) : look(call, path, std::move(state));
  } catch (const RankingError& error) {
    return refuse(is_service_path(path, call.method) ? kFeedback : path, error);
  }
  if (path == kTrafficPath) {
    answer.fields.emplace_back("Cache-Control", "no-store");
  }
  return answer;
}

TextAnswer Experiments::refuse(std::string_view path, const RankingError& error) {
  TextAnswer answer;
  answer.http_status = error.facts().http_status;
  answer.body = takes_feedback(path) ? prediction_error_json(error, {}) : problem_json(error);
  return answer;
}

std::string Experiments::look(Call& call, std::string_view path, TrafficState&& state) const {
  const auto plan = router_.plan();
  if (path == kTrafficPath) {
    return traffic_json(traffic_.snapshot(), state, *plan);
  }
  const std::size_t most = std::min(max_body_, kMostExperimentBody);
  if (path == kInterleavePath) {
    return answer_interleave(experiment_fields(call.body, most), limits_);
  }
  const JsonNode fields =
      call.method == "POST" ? experiment_fields(call.body, most) : fields_of_query(call.query);
  return answer_assignment(fields, *plan, limits_, state.time);
}

std::string Experiments::keep(Call& call) {
  std::size_t trees = 0;
  Feedback feedback = read_feedback(call.body, limits_, seconds_now(), [&](std::size_t more) {
    trees += more;
    if (trees > kSmallTree) {
      call.held.resize(call.body.capacity() + trees);
    }
  });
  const std::string id = feedback.request_id;
  recorder_.feedback(std::move(feedback));
  return gateway_json(0, "", {{"request_id", id}});
}

std::string Experiments::keep(const WireLists& lists, const MoreBytes& more) {
  Feedback feedback = feedback_of_wire(lists.keys, lists.values, limits_, seconds_now(), more);
  std::string id = feedback.request_id;
  recorder_.feedback(std::move(feedback));
  return id;
}

std::string Experiments::metrics_text() const {
  return recorder_.metrics_text() + shadow_.metrics_text();
}

}  // namespace tensor_service
