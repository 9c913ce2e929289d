// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "service/text_service.h"

#include <algorithm>
#include <atomic>
#include <new>

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

ServedRankers rankers_of(const Model& model) {
  const ScoreFunction* score = find_score_function(model.bundle.manifest->score_function);
  return ServedRankers({ServedRanker{&model.bundle, &*model.encoder, score}});
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

// One request on its way; kept by its job's on_done.
struct TextService::Exchange {
  Call call;
  std::shared_ptr<Model> model;
  Done done;
  std::atomic<bool> answered{false};
  std::unique_ptr<TextRoute> route;
  RankRequest request;
  std::vector<EncodedRow> rows;
  Progress progress;
  Timings timings;
};

bool TextService::takes_texts(const Model& model) {
  const auto is_input = [&](std::string_view alias) {
    return std::any_of(model.inputs.begin(), model.inputs.end(), [alias](const Input& input) {
      return input.spec.alias == alias && input.spec.type == ElemType::kInt64;
    });
  };
  const auto is_logits = [&](const Output& output) {
    return output.spec.alias == model.bundle.manifest->logits && output.type == ElemType::kFp32;
  };
  return model.bundle.manifest && model.encoder && model.inputs.size() == 2 &&
         is_input(kIdsAlias) && is_input(kTypesAlias) && model.rows_independent &&
         std::any_of(model.outputs.begin(), model.outputs.end(), is_logits);
}

std::shared_ptr<Job> TextService::handle(Call&& call, std::string_view path,
                                         const std::shared_ptr<Model>& model, bool alone,
                                         Done done) noexcept {
  std::shared_ptr<Exchange> exchange;
  try {
    exchange = std::make_shared<Exchange>();
    exchange->call = std::move(call);
    exchange->model = model;
    exchange->done = std::move(done);
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
    answer.body = information_json(path, rankers_of(*exchange->model).first(), limits_, max_body_);
    say(*exchange, reply_of(call, std::move(answer), Status::kOk));
    return nullptr;
  }
  exchange->route = make_text_route(path, ranker_of(call.fields));
  metrics_.text_requests.add();
  std::shared_ptr<Job> job = read(exchange);
  scheduler_.submit(job, alone);
  return job;
}

std::shared_ptr<Job> TextService::read(const std::shared_ptr<Exchange>& exchange) {
  Call& call = exchange->call;
  scheduler_.check_room();
  const LargeBodies::Place place = large_bodies_.take(call.body.size());
  const std::size_t body = call.body.capacity();
  std::size_t trees = 0;
  const auto hold = [&](std::size_t more) {
    trees += more;
    if (trees > kSmallTree) {
      call.held.resize(body + trees);
    }
  };
  hold(exchange->route->tree_bytes(call.body));
  const ServedRankers rankers = rankers_of(*exchange->model);
  exchange->route->begin(std::move(call.body), rankers);
  const Arrival arrival = arrival_of(call.fields);
  RankRequest& request = exchange->request;
  request = exchange->route->read(limits_, rankers, hold);
  if (request.request_id.empty()) {
    request.request_id = arrival.request_id.empty() ? new_request_id() : arrival.request_id;
  }
  exchange->progress.request_id = request.request_id;
  const ServedRanker asked = exchange->route->choose(request, rankers);
  const Clock::time_point begun = Clock::now();
  EncodedRows encoded = encode_request(request, *asked.encoder, limits_);
  exchange->timings.tokenize_ms = milliseconds_between(begun, Clock::now());
  if (trees > kSmallTree) {
    call.held.resize(trees + job_bytes(encoded));
  }
  exchange->rows = encoded.rows;
  exchange->progress.asked = asked;
  auto job = make_job(inference_request(encoded, asked.manifest().logits), exchange->model, false);
  job->received = call.received;
  job->decoded = Clock::now();
  job->deadline = arrival.deadline ? arrival.deadline : call.deadline;
  job->on_done = [this, exchange](Job& finished) { finish(finished, *exchange); };
  metrics_.parse.observe(microseconds_between(job->received, job->decoded));
  metrics_.text_documents.add(static_cast<std::int64_t>(request.titles.size()));
  return job;
}

// A thread of the loop calls this, and what it throws would end the process.
void TextService::finish(Job& job, Exchange& exchange) noexcept {
  try {
    const ServedRanker& asked = *exchange.progress.asked;
    if (job.status == Status::kOk && job.deadline && *job.deadline < Clock::now()) {
      job.status = Status::kDeadline;
    }
    if (job.status != Status::kOk) {
      throw ranking_error(job.status, job.message, asked.manifest().ranker);
    }
    metrics_.queue.observe(microseconds_between(job.decoded, job.started));
    metrics_.compute.observe(microseconds_between(job.started, job.computed));
    exchange.timings.queue_ms = milliseconds_between(job.decoded, job.started);
    exchange.timings.compute_ms = milliseconds_between(job.started, job.computed);
    const std::vector<double> margins =
        margins_of(floats_of(job.outputs.front()), exchange.rows.size(), asked);
    RankResponse response = tensor_service::rank(exchange.request, exchange.rows, margins, asked);
    response.timings = exchange.timings;
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
      refuse(exchange,
             ranking_error(error.status(), error.what(), exchange.model->bundle.manifest->ranker));
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
  send(exchange, exchange.route->refuse(error, exchange.progress), error.facts().status);
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
