// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "service/service.h"

#include <algorithm>

#include "codec/codec.h"
#include "codec/decoding_bytes.h"
#include "json/python_text.h"
#include "scheduling/job.h"
#include "service/describe.h"
#include "service/text_tensors.h"

namespace tensor_service {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;

constexpr std::string_view kShortName = "/GeneralModelService/";
constexpr std::string_view kFullName =
    "/baidu.paddle_serving.predictor.general_model.GeneralModelService/";
// what upstream calls the op that computes; clients of several ops look outputs up by it
constexpr const char* kEngineName = "general_infer_0";

bool is_method(std::string_view path, std::string_view method) {
  for (const std::string_view name : {kShortName, kFullName}) {
    if (path.starts_with(name) && path.substr(name.size()) == method) {
      return true;
    }
  }
  return false;
}

// Whether such a call is answered where a bundle takes texts. "/" is the description's for a GET.
bool carries_texts(const Call& call, std::string_view path) {
  if (!call.is_http) {
    return is_rpc_text_path(call.path);
  }
  return is_text_path(path) && !(path == "/" && call.method != "POST");
}

std::int64_t microseconds_between(Clock::time_point from, Clock::time_point to) {
  return duration_cast<microseconds>(to - from).count();
}

std::int64_t since_epoch(Clock::time_point moment) {
  const auto ago = Clock::now() - moment;
  return duration_cast<microseconds>((std::chrono::system_clock::now() - ago).time_since_epoch())
      .count();
}

// Its place is free before its caller has the answer and asks again.
void leave(const Call& call, bool served) noexcept {
  if (call.pass) {
    call.pass->leave(served);
  }
}

// Start and end of reading, computing and writing, as upstream's three ops note them.
std::vector<std::int64_t> profile_times(const Job& job, Clock::time_point writing) {
  std::vector<std::int64_t> times;
  for (const auto moment :
       {job.received, job.decoded, job.started, job.computed, writing, Clock::now()}) {
    times.push_back(since_epoch(moment));
  }
  return times;
}

std::size_t bytes_of(const InferenceRequest& request) {
  std::size_t bytes = 0;
  for (const Tensor& tensor : request.tensors) {
    bytes += tensor.data.capacity() + sizeof(Tensor);
    for (const std::string& text : tensor.strings) {
      bytes += text.capacity() + sizeof(std::string);
    }
  }
  return bytes;
}

Reply plain_reply(const Call& call, Status status, std::string type, std::string body) {
  Reply reply;
  reply.id = call.id;
  reply.status = status;
  reply.content_type = std::move(type);
  reply.body = std::move(body);
  return reply;
}

}  // namespace

bool is_inference_path(std::string_view path) { return is_method(path, "inference"); }
bool is_debug_path(std::string_view path) { return is_method(path, "debug"); }
std::string_view without_slash(std::string_view path) {
  return path.size() > 1 && path.ends_with('/') && path != "//" ? path.substr(0, path.size() - 1)
                                                                : path;
}

bool reads_fields(std::string_view path) {
  return is_text_path(without_slash(path)) || is_experiment_path(without_slash(path));
}

Service::Service(const ServiceOptions& options, Scheduler::Executor executor)
    : options_(options),
      scheduler_(options.scheduler, std::move(executor), metrics_),
      cache_(options.cache_bytes),
      experiments_(options.exposures ? std::make_unique<Experiments>(
                                           *options.exposures, options.text, options.max_body,
                                           [this] { return served(); }, scheduler_)
                                     : nullptr),
      texts_(options.text, options.names, options.max_body, options.large_texts, scheduler_,
             metrics_, experiments_.get(), [this] { return not_ready(); }) {}

std::string Service::not_ready() const {
  if (closing_) {
    return "the service is stopping";
  }
  if (served()->empty()) {
    return "no bundle is loaded yet";
  }
  return options_.door ? options_.door->full() : "";
}

void Service::take_place(Model& model, std::size_t place) {
  model.generation = ++generations_;
  model.lane = place;
}

void Service::set_models(std::vector<std::shared_ptr<Model>> models) {
  const std::lock_guard lock(served_mutex_);
  for (std::size_t place = 0; place < models.size(); ++place) {
    take_place(*models[place], place);
  }
  auto next = std::make_shared<ServedModels>();
  next->models = std::move(models);
  served_ = std::move(next);
  cache_.clear();
}

void Service::set_model(std::shared_ptr<Model> model, std::size_t place) {
  const std::lock_guard lock(served_mutex_);
  take_place(*model, place);
  auto next = std::make_shared<ServedModels>(*served_);
  next->models.resize(std::max(next->models.size(), place + 1));
  next->models[place] = std::move(model);
  served_ = std::move(next);
  cache_.clear();
}

std::shared_ptr<const ServedModels> Service::served() const {
  const std::lock_guard lock(served_mutex_);
  return served_;
}

std::shared_ptr<Model> Service::model(std::size_t place) const {
  const auto all = served();
  return place < all->models.size() ? all->models[place] : nullptr;
}

// Of several bundles the caller of tensors names one, or gets the first.
std::shared_ptr<Model> Service::model_of(const Call& call) const {
  const auto all = served();
  if (all->empty()) {
    throw CallError(Status::kUnavailable, "no bundle is loaded yet; try again in a moment");
  }
  const std::string& named = call.fields.ranker.value_or("");
  if (named.empty() || all->models.size() == 1) {
    return all->first();
  }
  if (auto found = all->find(named)) {
    return found;
  }
  throw CallError(Status::kInvalid, "x-ranker: '" + named.substr(0, 80) +
                                        "' is not served here; served: " + all->names());
}

std::shared_ptr<Job> Service::handle(Call&& call, bool alone, Done done) {
  const std::string_view path = without_slash(call.path);
  const bool inference = is_inference_path(path);
  const bool debug = is_debug_path(path);
  const bool of_experiments = call.is_http && experiments_ && is_experiment_path(path);
  if (carries_texts(call, path) || of_experiments) {
    const auto all = served();
    if (std::any_of(all->models.begin(), all->models.end(),
                    [](const auto& one) { return takes_texts(*one); })) {
      const std::string wanted(path);
      return texts_.handle(std::move(call), wanted, all, alone, std::move(done));
    }
  }
  if (!inference && !debug) {
    done(answer_at_once(call));
    return nullptr;
  }
  if (call.method != "POST") {
    done(error_reply(call, Status::kMethodNotAllowed, call.path + ": send a POST", call.log_id));
    return nullptr;
  }
  return infer(std::move(call), debug, alone, std::move(done));
}

Reply Service::answer_at_once(const Call& call) {
  const bool get = call.method == "GET" || call.method == "HEAD";
  const std::string_view path = without_slash(call.path);
  const auto current = model();
  if (get && path == "/health") {
    return plain_reply(call, Status::kOk, "application/json", "{\"status\": \"alive\"}\n");
  }
  if (get && path == "/ready") {
    const std::string reason = not_ready();
    return reason.empty()
               ? plain_reply(call, Status::kOk, "application/json", "{\"status\": \"ready\"}\n")
               : plain_reply(
                     call, Status::kUnavailable, "application/json",
                     "{\"status\": \"not ready\", \"reason\": " + json_text(reason) + "}\n");
  }
  if (get && path == "/metrics") {
    return plain_reply(
        call, Status::kOk, "text/plain; version=0.0.4; charset=utf-8",
        prometheus_text(metrics_, gauges()) + (experiments_ ? experiments_->metrics_text() : ""));
  }
  if (get && path == "/" && current) {
    return plain_reply(call, Status::kOk, "application/json", describe(*current));
  }
  metrics_.count(Status::kNotFound);
  Reply reply = plain_reply(call, Status::kNotFound, "", "");
  reply.message = call.method + " " + call.path +
                  ": there is POST /GeneralModelService/inference and GET /, /health, /ready, "
                  "/metrics; with texts POST /rerank, /<service>/prediction and GET /v1/models, "
                  "/info";
  if (carries_texts(call, path)) {
    reply.message +=
        "; texts are not answered, for the bundle has no manifest, or no tokenizer "
        "of WordPiece's";
  }
  reply.body = encode_error(call.format, reply.status, reply.message, call.log_id);
  return reply;
}

std::shared_ptr<Job> Service::infer(Call&& call, bool profile, bool alone, Done done) {
  std::uint64_t log_id = call.log_id;
  try {
    const auto current = model_of(call);
    if (call.pass) {
      call.pass->enter(call.body.size());
    }
    InferenceRequest request = decode(call);
    request.log_id = request.log_id != 0 ? request.log_id : log_id;
    request.profile = request.profile || profile;
    log_id = request.log_id;
    Beside beside;
    beside.rows = encode(request, call, *current);
    auto job = make_job(std::move(request), current, options_.first_output);
    job->received = call.received;
    job->decoded = Clock::now();
    job->deadline = call.deadline;
    if (call.pass) {
      call.pass->take_documents(job->rows);
    }
    metrics_.parse.observe(microseconds_between(job->received, job->decoded));
    if (cache_.enabled()) {
      beside.cache_key = ResponseCache::key_of(*job);
      if (auto outputs = cache_.find(beside.cache_key)) {
        metrics_.cache_hits.add();
        reply_from_cache(*job, call, done, std::move(*outputs), std::move(beside));
        return nullptr;
      }
      metrics_.cache_misses.add();
    }
    auto shared_call = std::make_shared<Call>(std::move(call));
    job->on_done = [this, shared_call, done, beside = std::move(beside)](Job& finished) mutable {
      finish(finished, *shared_call, done, std::move(beside));
    };
    try {
      scheduler_.submit(job, alone);
    } catch (const CallError& error) {
      done(error_reply(*shared_call, error.status(), error.what(), log_id));
      return nullptr;
    }
    return job;
  } catch (const RankingError& error) {
    Reply reply = error_reply(call, error.facts().status, error.text(), log_id);
    add_error_fields(error, reply.fields);
    done(std::move(reply));
  } catch (const CallError& error) {
    done(error_reply(call, error.status(), error.what(), log_id));
  } catch (const std::bad_alloc&) {
    done(error_reply(call, Status::kNoMemory, "not enough memory for this request; send fewer rows",
                     log_id));
  }
  return nullptr;
}

// A large body is decoded only when there is room for that. What is held then is the tensors'
// share.
InferenceRequest Service::decode(Call& call) {
  const bool large = call.body.size() > kSmallBody;
  if (large) {
    call.held.resize(call.body.capacity() + decoding_bytes(call.format, call.body));
  }
  InferenceRequest request = decode_owned(call.format, std::move(call.body));
  call.body = std::string();
  if (large) {
    call.held.resize(bytes_of(request));
  }
  return request;
}

// A request that feeds texts has rows of tokens in their place afterwards.
std::optional<Tensor> Service::encode(InferenceRequest& request, Call& call, const Model& model) {
  if (!feeds_texts(request, model)) {
    return std::nullopt;
  }
  metrics_.text_requests.add();
  scheduler_.check_lane(model.lane);
  const std::size_t texts = bytes_of(request);
  const LargeBodies::Place place(texts_.large_bodies(), texts);
  std::optional<Tensor> rows = encode_texts(request, model, options_.text);
  if (const std::size_t bytes = bytes_of(request); std::max(bytes, texts) > kSmallBody) {
    call.held.resize(bytes);
  }
  return rows;
}

// A thread of the loop calls this, and what it throws would end the process.
void Service::finish(Job& job, const Call& call, const Done& done, Beside&& beside) noexcept {
  Reply reply;
  try {
    reply = finished_reply(job, call, std::move(beside));
  } catch (...) {
    // not even the error could be written
    metrics_.count(Status::kNoMemory);
    reply = Reply();
    reply.id = call.id;
    reply.status = Status::kNoMemory;
  }
  try {
    done(std::move(reply));
  } catch (...) {
    // a connection that fails to take an answer takes no other
    metrics_.count(Status::kInternal);
  }
}

Reply Service::finished_reply(Job& job, const Call& call, Beside&& beside) {
  if (job.status == Status::kOk && job.deadline && *job.deadline < Clock::now()) {
    job.status = Status::kDeadline;
    job.message = "the deadline passed while the request was computed; allow more time";
  }
  if (job.status != Status::kOk) {
    return error_reply(call, job.status, job.message, job.request.log_id);
  }
  metrics_.queue.observe(microseconds_between(job.decoded, job.started));
  metrics_.compute.observe(microseconds_between(job.started, job.computed));
  try {
    if (!beside.cache_key.empty() && job.model == model(job.model->lane)) {
      cache_.store(std::move(beside.cache_key), job.outputs);
    }
    return good_reply(job, call, std::move(beside));
  } catch (const std::bad_alloc&) {
    return error_reply(call, Status::kNoMemory,
                       "not enough memory for this answer; send fewer rows or fetch less",
                       job.request.log_id);
  }
}

void Service::reply_from_cache(Job& job, const Call& call, const Done& done,
                               std::vector<Tensor>&& outputs, Beside&& beside) {
  job.started = job.computed = job.decoded;
  job.outputs = std::move(outputs);
  done(good_reply(job, call, std::move(beside)));
}

Reply Service::good_reply(Job& job, const Call& call, Beside&& beside) {
  leave(call, true);
  const Clock::time_point writing = Clock::now();
  InferenceReply answer;
  answer.outputs = std::move(job.outputs);
  if (beside.rows) {
    answer.outputs.push_back(std::move(*beside.rows));
  }
  answer.engine_name = kEngineName;
  answer.log_id = job.request.log_id;
  answer.profile = job.request.profile;
  if (answer.profile) {
    answer.profile_times = profile_times(job, writing);
  }
  metrics_.count(Status::kOk);
  metrics_.total_us.add(microseconds_between(job.received, writing));
  return plain_reply(call, Status::kOk, "", encode_reply(call.format, answer));
}

Reply Service::error_reply(const Call& call, Status status, const std::string& message,
                           std::uint64_t log_id) {
  leave(call, false);
  metrics_.count(status);
  metrics_.total_us.add(microseconds_between(call.received, Clock::now()));
  Reply reply = plain_reply(call, status, "", encode_error(call.format, status, message, log_id));
  reply.message = message;
  return reply;
}

Gauges Service::gauges() const {
  Gauges values;
  values.queued_tokens = scheduler_.queued_tokens();
  values.cache_bytes = static_cast<std::int64_t>(cache_.bytes());
  values.held_bytes = options_.budget ? static_cast<std::int64_t>(options_.budget->held()) : 0;
  values.wrong_api_keys = options_.door ? options_.door->wrong_keys() : 0;
  values.ready = ready();
  for (const auto& one : served()->models) {
    values.bundles.push_back({one->bundle.manifest ? one->bundle.manifest->ranker : "",
                              one->version(), std::string(precision_name(one->precision))});
  }
  return values;
}

}  // namespace tensor_service
