// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Calls in, replies out: routes a path to what answers it, decodes, hands jobs to the scheduler,
// encodes. Knows no sockets. Called by connections from any thread.

#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "call/call.h"
#include "call/head.h"
#include "door/door.h"
#include "model/model.h"
#include "report/metrics.h"
#include "scheduling/scheduler.h"
#include "service/experiments.h"
#include "service/response_cache.h"
#include "service/served_models.h"
#include "service/text_service.h"

namespace tensor_service {

struct ServiceOptions {
  SchedulerOptions scheduler;
  bool first_output = false;           // answer unknown fetch names with the first output
  std::size_t cache_bytes = 0;         // 0: no cache
  const ByteBudget* budget = nullptr;  // of the protocols, for /metrics
  TextLimits text;                     // of requests that carry texts
  RankerNames names;                   // besides the rankers' own
  std::size_t max_body = 64U << 20U;   // as /info tells it
  int large_texts = 1;                 // large bodies of texts that are read at once
  std::shared_ptr<Door> door;          // null: everybody may come in
  // Of experiments; without, there are none, and nothing is told of them.
  std::optional<ExposuresConfig> exposures;
};

class Service {
 public:
  // Called once, by any thread, also before handle returns.
  using Done = std::function<void(Reply&&)>;

  Service(const ServiceOptions& options, Scheduler::Executor executor);

  // What is said to a request at its head; nothing where there is no door.
  Verdict look(const RequestHead& head, const Peer& peer) noexcept;

  // What is said to a request whose body has not come in so long.
  Reply late_reply(const RequestHead& head, std::chrono::milliseconds allowed) const;

  // Answers the call through done. alone: nothing else came with it on its connection. Returns
  // the job for a cancel, or null when it is answered already.
  std::shared_ptr<Job> handle(Call&& call, bool alone, Done done);

  // Requests from now on are answered by these; those admitted keep theirs. The default ranker's
  // first, and of each ranker that which answers for it.
  void set_models(std::vector<std::shared_ptr<Model>> models);
  // The next one at a place.
  void set_model(std::shared_ptr<Model> model, std::size_t place = 0);
  // Null before the first; so is model where nothing has that place.
  std::shared_ptr<Model> model(std::size_t place = 0) const;
  std::shared_ptr<const ServedModels> served() const;

  // /ready says no from now on; requests are still answered.
  void begin_shutdown() { closing_ = true; }
  bool ready() const { return not_ready().empty(); }
  // Why not; empty when it is.
  std::string not_ready() const;

  // Forgets jobs that are still queued; for the end, when no thread serves any more.
  void abandon() {
    if (experiments_) {
      experiments_->stop();
    }
    scheduler_.abandon();
  }

  Metrics& metrics() { return metrics_; }
  // Null where there are none.
  Experiments* experiments() { return experiments_.get(); }

 private:
  // What a job's answer needs beside the job.
  struct Beside {
    std::string cache_key;       // empty: nothing is kept
    std::optional<Tensor> rows;  // what became of texts
  };

  Reply answer_at_once(const Call& call);
  InferenceRequest decode(Call& call);
  std::shared_ptr<Model> model_of(const Call& call) const;
  void take_place(Model& model, std::size_t place);
  std::shared_ptr<Job> infer(Call&& call, bool profile, bool alone, Done done);
  std::optional<Tensor> encode(InferenceRequest& request, Call& call, const Model& model);
  void finish(Job& job, const Call& call, const Done& done, Beside&& beside) noexcept;
  Reply finished_reply(Job& job, const Call& call, Beside&& beside);
  void reply_from_cache(Job& job, const Call& call, const Done& done, std::vector<Tensor>&& outputs,
                        Beside&& beside);
  Reply good_reply(Job& job, const Call& call, Beside&& beside);
  Reply error_reply(const Call& call, Status status, const std::string& message,
                    std::uint64_t log_id);
  Gauges gauges() const;

  const ServiceOptions options_;
  Metrics metrics_;
  Scheduler scheduler_;
  ResponseCache cache_;
  std::atomic<bool> closing_{false};
  mutable std::mutex served_mutex_;
  std::shared_ptr<const ServedModels> served_ = std::make_shared<ServedModels>();
  std::uint64_t generations_ = 0;
  std::unique_ptr<Experiments> experiments_;  // its threads use what stands before it
  TextService texts_;
};

// "/GeneralModelService/inference" and "/" with the proto's package before it.
bool is_inference_path(std::string_view path);
bool is_debug_path(std::string_view path);

// "/ready/" is "/ready"; "//" is nothing.
std::string_view without_slash(std::string_view path);

// Whether the service reads the header fields of that path itself.
bool reads_fields(std::string_view path);

}  // namespace tensor_service
