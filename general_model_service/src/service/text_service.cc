// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "service/text_service.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <new>
#include <optional>

#include "call/head.h"
#include "ranking/encoded_request.h"
#include "ranking/text_headers.h"
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

// Its place is free before its caller has the answer and asks again.
void leave(const Call& call, bool served) noexcept {
  if (call.pass) {
    call.pass->leave(served);
  }
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
    exchange->rankers.emplace(text_bundles(*served), &names_);
    return answer(exchange, path, alone);
  } catch (...) {
    exchange ? refuse_caught(*exchange) : tell(done, last_reply(call.id));
  }
  return nullptr;
}

std::shared_ptr<Job> TextService::answer(const std::shared_ptr<Exchange>& exchange,
                                         std::string_view path, bool alone) {
  const Call& call = exchange->call;
  const bool informs = is_information_path(path);
  const bool asks = call.method == "GET" || call.method == "HEAD";
  if (informs ? !asks : call.method != "POST") {
    TextAnswer answer = wrong_method(call.method);
    answer.fields.emplace_back("Allow", informs ? "GET, HEAD" : "POST");
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
  return submit(read(exchange), alone);
}

TextService::Jobs TextService::read(const std::shared_ptr<Exchange>& exchange) {
  Call& call = exchange->call;
  scheduler_.check_room(exchange->served->models.size());
  const LargeBodies::Place place = large_bodies_.take(call.body.size());
  const std::size_t size = call.body.size();
  const std::size_t body = call.body.capacity();
  std::size_t trees = 0;
  const auto hold = [&](std::size_t more) {
    trees += more;
    if (trees > kSmallTree) {
      call.held.resize(body + trees);
    }
  };
  hold(exchange->route->tree_bytes(call.body));
  const ServedRankers& rankers = *exchange->rankers;
  exchange->route->begin(std::move(call.body), rankers);
  const Arrival arrival = arrival_of(call);
  if (call.pass) {
    call.pass->enter(size);
  }
  RankRequest& request = exchange->request;
  request = exchange->route->read(limits_, rankers, hold);
  if (request.request_id.empty()) {
    request.request_id = arrival.request_id.empty() ? new_request_id() : arrival.request_id;
  }
  if (call.pass) {
    call.pass->take_documents(request.titles.size());
  }
  exchange->progress.request_id = request.request_id;
  const std::vector<ServedRanker> asked = exchange->route->choose(request, rankers);
  for (const ServedRanker& ranker : asked) {
    scheduler_.check_lane(ranker.place);
  }
  std::vector<InferenceRequest> requests;
  encode(*exchange, asked, trees, requests);
  exchange->progress.asked = asked;
  Jobs jobs = make_jobs(exchange, std::move(requests));
  for (const auto& job : jobs) {
    job->deadline = arrival.deadline;
  }
  metrics_.text_documents.add(static_cast<std::int64_t>(request.titles.size()));
  return jobs;
}

// Rows for each ranker by its own encoder; their tokens are counted together.
void TextService::encode(Exchange& exchange, const std::vector<ServedRanker>& asked,
                         std::size_t trees, std::vector<InferenceRequest>& requests) {
  const Clock::time_point begun = Clock::now();
  std::int64_t tokens = 0;
  std::size_t bytes = trees;
  for (const ServedRanker& ranker : asked) {
    EncodedRows encoded = encode_request(exchange.request, *ranker.encoder, limits_);
    tokens += count_tokens(encoded.rows);
    bytes += job_bytes(encoded);
    if (trees > kSmallTree) {
      exchange.call.held.resize(bytes);
    }
    Exchange::Part part;
    part.rows = encoded.rows;
    requests.push_back(inference_request(encoded, ranker.manifest().logits));
    exchange.parts.push_back(std::move(part));
  }
  check_tokens(tokens, limits_);
  exchange.timings.tokenize_ms = milliseconds_between(begun, Clock::now());
}

// The first one's cancel is that of all.
TextService::Jobs TextService::make_jobs(const std::shared_ptr<Exchange>& exchange,
                                         std::vector<InferenceRequest>&& requests) {
  Jobs jobs;
  for (std::size_t number = 0; number < requests.size(); ++number) {
    const std::size_t place = exchange->progress.asked[number].place;
    auto job = make_job(std::move(requests[number]), exchange->served->models[place], false);
    job->received = exchange->call.received;
    job->decoded = Clock::now();
    job->lead = number == 0 ? nullptr : jobs.front();
    job->on_done = [this, exchange, number](Job& finished) { take(finished, number, *exchange); };
    jobs.push_back(std::move(job));
  }
  exchange->open = jobs.size();
  metrics_.parse.observe(microseconds_between(jobs.front()->received, jobs.front()->decoded));
  return jobs;
}

// Where one is refused the others are not computed.
std::shared_ptr<Job> TextService::submit(Jobs&& jobs, bool alone) {
  const std::shared_ptr<Job> first = jobs.front();
  try {
    for (const auto& job : jobs) {
      scheduler_.submit(job, alone && jobs.size() == 1);
    }
  } catch (...) {
    first->cancelled = true;
    throw;
  }
  return first;
}

// A thread of the loop calls this, and what it throws would end the process.
void TextService::take(Job& job, std::size_t number, Exchange& exchange) noexcept {
  if (job.status == Status::kOk && job.deadline && *job.deadline < Clock::now()) {
    job.status = Status::kDeadline;
  }
  Exchange::Part& part = exchange.parts[number];
  part.status = job.status;
  try {
    part.message = std::move(job.message);
    if (job.status == Status::kOk) {
      metrics_.queue.observe(microseconds_between(job.decoded, job.started));
      metrics_.compute.observe(microseconds_between(job.started, job.computed));
      part.logits = floats_of(job.outputs.front());
      const std::lock_guard lock(exchange.timings_mutex);
      Timings& timings = exchange.timings;
      timings.queue_ms = std::max(timings.queue_ms, milliseconds_between(job.decoded, job.started));
      timings.compute_ms =
          std::max(timings.compute_ms, milliseconds_between(job.started, job.computed));
    }
  } catch (const std::exception&) {
    part.status = Status::kNoMemory;
  }
  if (exchange.open.fetch_sub(1) == 1) {
    finish(exchange);
  }
}

// All rankers have answered.
void TextService::finish(Exchange& exchange) noexcept {
  if (exchange.answered) {
    return;
  }
  try {
    std::vector<Scored> scored;
    for (std::size_t i = 0; i < exchange.parts.size(); ++i) {
      Exchange::Part& part = exchange.parts[i];
      const ServedRanker& asked = exchange.progress.asked[i];
      if (part.status != Status::kOk) {
        throw ranking_error(part.status, part.message, asked.manifest().ranker);
      }
      scored.push_back({asked, part.rows, margins_of(part.logits, part.rows.size(), asked)});
    }
    RankResponse response = tensor_service::rank(exchange.request, scored);
    response.timings = exchange.timings;
    leave(exchange.call, true);
    send(exchange, exchange.route->answer(exchange.request, std::move(response)), Status::kOk);
  } catch (...) {
    refuse_caught(exchange);
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
  add_error_fields(error, answer.fields);
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
    leave(exchange.call, false);
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
  // the RPC protocols carry an error in the answer's err_no
  reply.status = call.is_http ? status : Status::kOk;
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
