// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "service/text_service.h"

#include <algorithm>
#include <new>

#include "call/head.h"
#include "ranking/text_headers.h"
#include "ranking/traffic_report.h"
#include "service/text_exchange.h"

namespace tensor_service {
namespace {

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
  return read(*exchange) ? start(exchange, alone) : nullptr;
}

void TextService::answer_of_experiments(Exchange& exchange, std::string_view path) {
  Call& call = exchange.call;
  TextAnswer answer;
  try {
    exchange.place.emplace(large_bodies_, call.body.size());
    if (call.pass && takes_feedback(path)) {
      call.pass->count();
    }
    answer = experiments_->answer(call, path, traffic_state(exchange));
  } catch (const RankingError& error) {
    answer = Experiments::refuse(path, error);
  } catch (const CallError& error) {
    answer = Experiments::refuse(path, ranking_error(error.status(), error.what(), ""));
  }
  const Status status = status_of(answer.http_status);
  metrics_.count(status);
  say(exchange, reply_of(call, std::move(answer), status));
}

// Until it is known who shall score; false: it was no request and is answered.
bool TextService::read(Exchange& exchange) {
  Call& call = exchange.call;
  scheduler_.check_room(exchange.served->models.size());
  exchange.place.emplace(large_bodies_, call.body.size());
  const std::size_t size = call.body.size();
  const std::size_t body = call.body.capacity();
  const auto hold = [&](std::size_t more) {
    exchange.trees += more;
    if (exchange.trees > kSmallTree) {
      call.held.resize(body + exchange.trees);
    }
  };
  hold(exchange.route->tree_bytes(call.body));
  const ServedRankers& rankers = *exchange.rankers;
  exchange.route->begin(std::move(call.body), rankers);
  if (const auto lists = exchange.route->feedback()) {
    keep_feedback(exchange, *lists, hold);
    return false;
  }
  exchange.arrival = arrival_of(call);
  if (call.pass) {
    call.pass->enter(size);
  }
  RankRequest& request = exchange.request;
  request = exchange.route->read(limits_, rankers, hold);
  if (request.request_id.empty()) {
    request.request_id =
        exchange.arrival.request_id.empty() ? new_request_id() : exchange.arrival.request_id;
  }
  if (call.pass) {
    call.pass->take_documents(request.titles.size());
  }
  exchange.progress.request_id = request.request_id;
  exchange.chosen = route_of_request(exchange, exchange.route->choose(request, rankers));
  metrics_.text_documents.add(static_cast<std::int64_t>(request.titles.size()));
  return true;
}

void TextService::keep_feedback(Exchange& exchange, const WireLists& lists, const MoreBytes& more) {
  if (experiments_ == nullptr) {
    throw RankingError(
        Fault::kUnknownService,
        "feedback is kept by a service of config_nlp.yml; this one has a bundle alone");
  }
  if (exchange.call.pass) {
    exchange.call.pass->count();
  }
  send(exchange, exchange.route->kept(experiments_->keep(lists, more)), Status::kOk);
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
    // before its caller can send the next one
    exchange.place.reset();
    leave(exchange.call, false);
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
