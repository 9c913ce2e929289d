// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// From a request that was read to its ranking: rows for each target of its route, the jobs that
// compute them, and what is asked next where they fail.

#include <algorithm>
#include <utility>

#include "ranking/encoded_request.h"
#include "service/row_tensors.h"
#include "service/text_exchange.h"

namespace tensor_service {

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
    leave(exchange->call, true);
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

}  // namespace tensor_service
