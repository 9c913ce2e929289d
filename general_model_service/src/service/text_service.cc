// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "service/text_service.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <new>
#include <optional>

#include "json/json_node.h"
#include "ranking/encoded_request.h"
#include "ranking/text_headers.h"
#include "ranking/traffic_report.h"
#include "service/row_tensors.h"

namespace tensor_service {
namespace {

// A tree that is no larger is not counted.
constexpr std::size_t kSmallTree = 256U << 10U;

double milliseconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

std::int64_t microseconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration_cast<std::chrono::microseconds>(to - from).count();
}

// What is left to say when even a refusal cannot be written.
Reply last_reply(CallId id) noexcept {
  Reply reply;
  reply.id = id;
  reply.status = Status::kInternal;
  try {
    reply.content_type = "application/json";
    reply.body = R"({"error":"internal","message":"the service failed"})";
  } catch (const std::bad_alloc&) {
    reply.content_type.clear();  // the status alone
  }
  return reply;
}

// For the metrics, of an answer that was made without one.
Status status_of(int http_status) {
  switch (http_status) {
    case 200:
      return Status::kOk;
    case 405:
      return Status::kMethodNotAllowed;
    case 413:
      return Status::kTooLarge;
    case 429:
      return Status::kOverloaded;
    default:
      return http_status < 500 ? Status::kInvalid : Status::kInternal;
  }
}

}  // namespace

// One request on its way; kept by its jobs' on_done.
struct TextService::Exchange {
  // What one of the rankers that are asked has of it.
  struct Part {
    std::vector<EncodedRow> rows;
    Status status = Status::kOk;
    std::string message;
    std::vector<float> logits;
  };

  Call call;
  std::shared_ptr<const ServedModels> served;
  std::optional<ServedRankers> rankers;
  Done done;
  std::atomic<bool> answered{false};
  std::unique_ptr<TextRoute> route;
  RankRequest request;
  Progress progress;
  Arrival arrival;
  Route chosen;  // who shall score; who the answer tells of
  std::optional<LargeBodies::Place> place;
  std::size_t trees = 0;             // bytes of what was read of the body
  std::weak_ptr<Job> lead;           // the first job, by which the caller cancels; it keeps this
  bool counted = false;              // among the requests in work
  std::vector<Part> parts;           // as progress.asked
  std::atomic<std::size_t> open{0};  // parts whose job has not ended
  std::mutex timings_mutex;
  Timings timings;
};

std::shared_ptr<Job> TextService::handle(Call&& call, std::string_view path,
                                         const std::shared_ptr<const ServedModels>& served,
                                         bool alone, Done done) noexcept {
  std::shared_ptr<Exchange> exchange;
  try {
    exchange = std::make_shared<Exchange>();
    exchange->call = std::move(call);
    exchange->served = served;
    exchange->done = std::move(done);
    exchange->rankers.emplace(text_bundles(*served), &names_,
                              experiments_ ? experiments_->router().plan() : nullptr);
    return answer(exchange, path, alone);
  } catch (...) {
    exchange ? refuse_caught(*exchange) : tell(done, last_reply(call.id));
  }
  return nullptr;
}

std::shared_ptr<Job> TextService::answer(const std::shared_ptr<Exchange>& exchange,
                                         std::string_view path, bool alone) {
  const Call& call = exchange->call;
  if (experiments_ != nullptr && is_experiment_path(path)) {
    answer_of_experiments(*exchange, path);
    return nullptr;
  }
  const bool informs = is_information_path(path);
  const bool asks = call.method == "GET" || call.method == "HEAD";
  if (informs ? !asks : call.method != "POST") {
    TextAnswer answer = wrong_method(call.method, informs ? "GET, HEAD" : "POST");
    metrics_.count(Status::kMethodNotAllowed);
    say(*exchange, reply_of(call, std::move(answer), Status::kMethodNotAllowed));
    return nullptr;
  }
  if (informs) {
    TextAnswer answer;
    answer.body = information_json(path, *exchange->rankers, limits_, max_body_);
    say(*exchange, reply_of(call, std::move(answer), Status::kOk));
    return nullptr;
  }
  exchange->route = make_text_route(path, ranker_of(call.fields));
  metrics_.text_requests.add();
  exchange->counted = true;
  in_flight_.fetch_add(1);
  read(*exchange);
  return start(exchange, alone);
}

void TextService::answer_of_experiments(Exchange& exchange, std::string_view path) {
  Call& call = exchange.call;
  TextAnswer answer;
  try {
    const LargeBodies::Place place(large_bodies_, call.body.size());
    answer = experiments_->answer(call, path, traffic_state(exchange));
  } catch (const CallError& error) {
    answer = Experiments::refuse(path, ranking_error(error.status(), error.what(), ""));
  }
  const Status status = status_of(answer.http_status);
  metrics_.count(status);
  say(exchange, reply_of(call, std::move(answer), status));
}

// Until it is known who shall score.
void TextService::read(Exchange& exchange) {
  Call& call = exchange.call;
  scheduler_.check_room(exchange.served->models.size());
  exchange.place.emplace(large_bodies_, call.body.size());
  const std::size_t body = call.body.capacity();
  const auto hold = [&](std::size_t more) {
    exchange.trees += more;
    if (exchange.trees > kSmallTree) {
      call.held.resize(body + exchange.trees);
    }
  };
  hold(json_tree_bytes(call.body));
  const ServedRankers& rankers = *exchange.rankers;
  exchange.route->begin(std::move(call.body), rankers);
  exchange.arrival = arrival_of(call.fields);
  RankRequest& request = exchange.request;
  request = exchange.route->read(limits_, rankers, hold);
  if (request.request_id.empty()) {
    request.request_id =
        exchange.arrival.request_id.empty() ? new_request_id() : exchange.arrival.request_id;
  }
  exchange.progress.request_id = request.request_id;
  exchange.chosen = route_of_request(exchange, exchange.route->choose(request, rankers));
  metrics_.text_documents.add(static_cast<std::int64_t>(request.titles.size()));
}

// Whom the request names takes part in nothing; the others are dealt by the plan.
Route TextService::route_of_request(const Exchange& exchange,
                                    const std::vector<ServedRanker>& asked) const {
  const RankRequest& request = exchange.request;
  const Plan* plan = exchange.rankers->plan();
  if (asked.empty() && plan != nullptr) {
    return route_of(*plan, {request.unit_id, request.user_id, request.queries.front()},
                    exchange.route->experiment(), seconds_now());
  }
  Route route;
  for (const ServedRanker& one : asked.empty() ? std::vector{exchange.rankers->first()} : asked) {
    route.targets.push_back({one.manifest().ranker, one.manifest().version});
  }
  return route;
}

// A queue that is full is a reason to ask the fallback of an experiment.
std::shared_ptr<Job> TextService::start(const std::shared_ptr<Exchange>& exchange, bool alone) {
  try {
    return ask(exchange, alone);
  } catch (const CallError& error) {
    const Fault fault = ranking_error(error.status(), error.what(), "").fault;
    if (!fall_back(*exchange, fault)) {
      throw;
    }
  }
  return ask(exchange, alone);
}

// Has the rows computed for each target of the route.
std::shared_ptr<Job> TextService::ask(const std::shared_ptr<Exchange>& exchange, bool alone) {
  Progress& progress = exchange->progress;
  progress.asked.clear();
  exchange->parts.clear();
  exchange->timings = {};
  std::vector<ServedRanker> asked;
  for (const Target& target : exchange->chosen.targets) {
    const ServedRanker* ranker = exchange->rankers->of_target(target);
    if (ranker == nullptr) {
      throw RankingError(Fault::kInferenceFailed, target.ranker + " is not served any more");
    }
    asked.push_back(*ranker);
  }
  progress.experiment = exchange->chosen.experiment;
  progress.variant = exchange->chosen.variant;
  progress.asked = std::move(asked);
  if (exchange->chosen.teams.empty()) {
    for (const ServedRanker& ranker : progress.asked) {
      scheduler_.check_lane(ranker.place);
    }
  }
  std::vector<InferenceRequest> requests;
  try {
    requests = encode(*exchange);
  } catch (const RankingError&) {
    progress.asked.clear();  // nobody was, for what was sent cannot be ranked
    throw;
  }
  return submit(exchange, make_jobs(exchange, std::move(requests)), alone);
}

// Rows for each ranker by its own encoder; their tokens are counted together.
std::vector<InferenceRequest> TextService::encode(Exchange& exchange) {
  const Clock::time_point begun = Clock::now();
  std::vector<InferenceRequest> requests;
  std::int64_t tokens = 0;
  std::size_t bytes = exchange.trees;
  for (const ServedRanker& ranker : exchange.progress.asked) {
    EncodedRows encoded = encode_request(exchange.request, *ranker.encoder, limits_);
    tokens += count_tokens(encoded.rows);
    bytes += job_bytes(encoded);
    if (exchange.trees > kSmallTree) {
      exchange.call.held.resize(bytes);
    }
    Exchange::Part part;
    part.rows = encoded.rows;
    requests.push_back(inference_request(encoded, ranker.manifest().logits));
    exchange.parts.push_back(std::move(part));
  }
  check_tokens(tokens, limits_);
  exchange.timings.tokenize_ms = milliseconds_between(begun, Clock::now());
  return requests;
}

// The first one's cancel is that of all, also of those of a fallback.
TextService::Jobs TextService::make_jobs(const std::shared_ptr<Exchange>& exchange,
                                         std::vector<InferenceRequest>&& requests) {
  Jobs jobs;
  for (std::size_t number = 0; number < requests.size(); ++number) {
    const std::size_t place = exchange->progress.asked[number].place;
    auto job = make_job(std::move(requests[number]), exchange->served->models[place], false);
    job->received = exchange->call.received;
    job->decoded = Clock::now();
    job->deadline = exchange->arrival.deadline;
    job->lead = exchange->lead.lock();
    if (!job->lead) {
      exchange->lead = job;
    }
    job->on_done = [this, exchange, number](Job& finished) { take(finished, number, exchange); };
    jobs.push_back(std::move(job));
  }
  exchange->open = jobs.size();
  metrics_.parse.observe(microseconds_between(jobs.front()->received, jobs.front()->decoded));
  return jobs;
}

// Where one of several is refused the others are not computed, but of two whose orders were to be
// interleaved one alone is an answer too.
std::shared_ptr<Job> TextService::submit(const std::shared_ptr<Exchange>& exchange, Jobs&& jobs,
                                         bool alone) {
  exchange->place.reset();
  for (std::size_t number = 0; number < jobs.size(); ++number) {
    try {
      scheduler_.submit(jobs[number], alone && jobs.size() == 1);
    } catch (const CallError& error) {
      if (exchange->chosen.teams.empty() && jobs.size() > 1) {
        jobs.front()->cancelled = true;
        throw;
      }
      Exchange::Part& part = exchange->parts[number];
      part.status = error.status();
      part.message = error.what();
      settle(exchange);
    }
  }
  return jobs.front();
}

// A thread of the loop calls this, and what it throws would end the process.
void TextService::take(Job& job, std::size_t number,
                       const std::shared_ptr<Exchange>& exchange) noexcept {
  if (job.status == Status::kOk && job.deadline && *job.deadline < Clock::now()) {
    job.status = Status::kDeadline;
  }
  Exchange::Part& part = exchange->parts[number];
  part.status = job.status;
  try {
    part.message = std::move(job.message);
    if (job.status == Status::kOk) {
      metrics_.queue.observe(microseconds_between(job.decoded, job.started));
      metrics_.compute.observe(microseconds_between(job.started, job.computed));
      part.logits = floats_of(job.outputs.front());
      const std::lock_guard lock(exchange->timings_mutex);
      Timings& timings = exchange->timings;
      timings.queue_ms = std::max(timings.queue_ms, milliseconds_between(job.decoded, job.started));
      timings.compute_ms =
          std::max(timings.compute_ms, milliseconds_between(job.started, job.computed));
    }
  } catch (const std::exception&) {
    part.status = Status::kNoMemory;
  }
  settle(exchange);
}

void TextService::settle(const std::shared_ptr<Exchange>& exchange) noexcept {
  if (exchange->open.fetch_sub(1) == 1) {
    finish(exchange);
  }
}

// All rankers have answered.
void TextService::finish(const std::shared_ptr<Exchange>& exchange) noexcept {
  if (exchange->answered) {
    return;
  }
  try {
    RankResponse response;
    TextAnswer answer;
    try {
      response = response_of(*exchange);
      answer = exchange->route->answer(exchange->request, response);
    } catch (const RankingError& error) {
      if (!fall_back(*exchange, error.fault)) {
        throw;
      }
      ask(exchange, false);
      return;
    }
    note_end(*exchange, {&response, nullptr}, answer.http_status);
    send(*exchange, std::move(answer), Status::kOk);
    if (experiments_ != nullptr && !exchange->arrival.dry_run) {
      experiments_->shadow(exchange->request, exchange->chosen, response);
    }
  } catch (...) {
    refuse_caught(*exchange);
  }
}

// Throws RankingError: a ranker that was needed has no scores.
RankResponse TextService::response_of(Exchange& exchange) const {
  std::vector<Scored> scored;
  std::optional<RankingError> failed;
  for (std::size_t i = 0; i < exchange.parts.size(); ++i) {
    Exchange::Part& part = exchange.parts[i];
    const ServedRanker& asked = exchange.progress.asked[i];
    try {
      if (part.status != Status::kOk) {
        throw ranking_error(part.status, part.message, asked.manifest().ranker);
      }
      scored.push_back({asked, part.rows, margins_of(part.logits, part.rows.size(), asked)});
    } catch (const RankingError& error) {
      failed = failed ? failed : error;
    }
  }
  if (failed && (exchange.chosen.teams.empty() || scored.empty())) {
    throw RankingError(*failed);
  }
  RankResponse response = tensor_service::rank(exchange.request, scored, exchange.chosen);
  response.timings = exchange.timings;
  return response;
}

// Whether another target is left to ask, which the exchange's route then names: of an experiment
// with a fallback, when the service failed and the caller still waits.
bool TextService::fall_back(Exchange& exchange, Fault fault) const {
  const bool failed = fault == Fault::kOverloaded || fault == Fault::kDeadline ||
                      fault == Fault::kInferenceFailed || fault == Fault::kService;
  const auto& deadline = exchange.arrival.deadline;
  if (!failed || !exchange.chosen.can_fall_back() || (deadline && Clock::now() >= *deadline)) {
    return false;
  }
  exchange.chosen = exchange.chosen.fallen_back();
  return true;
}

TrafficState TextService::traffic_state(const Exchange& exchange) const {
  TrafficState state;
  state.time = seconds_now();
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

// Called where an exception is handled: answers with it, unless there is an answer already.
void TextService::refuse_caught(Exchange& exchange) noexcept {
  if (exchange.answered) {
    return;
  }
  try {
    try {
      throw;
    } catch (const RankingError& error) {
      refuse(exchange, error);
    } catch (const CallError& error) {
      refuse(exchange, ranking_error(error.status(), error.what(),
                                     exchange.rankers->first().manifest().ranker));
    } catch (const std::bad_alloc&) {
      refuse(exchange, {Fault::kService, "not enough memory for this request; send fewer texts"});
    }
  } catch (...) {
    metrics_.count(Status::kInternal);
    say(exchange, last_reply(exchange.call.id));
  }
}

void TextService::refuse(Exchange& exchange, const RankingError& error) {
  if (!exchange.route) {
    throw error;
  }
  TextAnswer answer = exchange.route->refuse(error, exchange.progress);
  note_end(exchange, {nullptr, &error}, answer.http_status);
  send(exchange, std::move(answer), error.facts().status);
}

void TextService::send(Exchange& exchange, TextAnswer&& answer, Status status) {
  Reply reply = reply_of(exchange.call, std::move(answer), status);
  metrics_.count(status);
  metrics_.total_us.add(microseconds_between(exchange.call.received, Clock::now()));
  say(exchange, std::move(reply));
}

// Once.
void TextService::say(Exchange& exchange, Reply&& reply) noexcept {
  if (!exchange.answered.exchange(true)) {
    in_flight_.fetch_sub(exchange.counted ? 1 : 0);
    tell(exchange.done, std::move(reply));
  }
}

// A connection that fails to take an answer takes no other.
void TextService::tell(const Done& done, Reply&& reply) noexcept {
  try {
    done(std::move(reply));
  } catch (...) {
    metrics_.count(Status::kInternal);
  }
}

// The caller's id comes back with every answer that has none of its own.
Reply TextService::reply_of(const Call& call, TextAnswer&& answer, Status status) const {
  Reply reply;
  reply.id = call.id;
  reply.status = status;
  reply.http_status = answer.http_status;
  reply.content_type = "application/json";
  reply.body = std::move(answer.body);
  reply.fields = std::move(answer.fields);
  const std::string id = echoed_id(call.fields);
  const bool has_id = std::any_of(reply.fields.begin(), reply.fields.end(),
                                  [](const auto& field) { return field.first == "x-request-id"; });
  if (!id.empty() && !has_id) {
    reply.fields.emplace_back("x-request-id", id);
  }
  return reply;
}

}  // namespace tensor_service
