// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Calls that carry texts: reads and encodes them, has their rows computed among those of all other
// requests, and writes the ranking. Called by service.cc, from any thread.

#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "call/call.h"
#include "ranking/text_route.h"
#include "ranking/values.h"
#include "report/metrics.h"
#include "scheduling/scheduler.h"
#include "service/experiments.h"
#include "service/large_bodies.h"
#include "service/served_models.h"

namespace tensor_service {

class TextService {
 public:
  using Done = std::function<void(Reply&&)>;

  // large_bodies: how many may be read at once. experiments: null where there can be none.
  // not_ready: why the service takes no requests; empty when it does.
  TextService(
      const TextLimits& limits, const RankerNames& names, std::size_t max_body, int large_bodies,
      Scheduler& scheduler, Metrics& metrics, Experiments* experiments,
      std::function<std::string()> not_ready = [] { return std::string(); })
      : limits_(limits),
        names_(names),
        max_body_(max_body),
        large_bodies_(large_bodies),
        scheduler_(scheduler),
        metrics_(metrics),
        experiments_(experiments),
        not_ready_(std::move(not_ready)) {}

  // Takes a place among the large texts that are read, for so many bytes.
  LargeBodies& large_bodies() { return large_bodies_; }

  // Answers a call of HTTP to a path that is_text_path, or with experiments is_experiment_path,
  // without a slash at its end, or one of RPC to a path that is_rpc_text_path. At least one of the
  // served takes texts. As Service::handle.
  std::shared_ptr<Job> handle(Call&& call, std::string_view path,
                              const std::shared_ptr<const ServedModels>& served, bool alone,
                              Done done) noexcept;

 private:
  struct Exchange;
  using Jobs = std::vector<std::shared_ptr<Job>>;

  std::shared_ptr<Job> answer(const std::shared_ptr<Exchange>& exchange, std::string_view path,
                              bool alone);
  void answer_of_experiments(Exchange& exchange, std::string_view path);
  bool read(Exchange& exchange);
  void keep_feedback(Exchange& exchange, const WireLists& lists, const MoreBytes& more);
  Route route_of_request(const Exchange& exchange, const std::vector<ServedRanker>& asked) const;
  std::shared_ptr<Job> start(const std::shared_ptr<Exchange>& exchange, bool alone);
  std::shared_ptr<Job> ask(const std::shared_ptr<Exchange>& exchange, bool alone);
  std::vector<InferenceRequest> encode(Exchange& exchange);
  Jobs make_jobs(const std::shared_ptr<Exchange>& exchange,
                 std::vector<InferenceRequest>&& requests);
  std::shared_ptr<Job> submit(const std::shared_ptr<Exchange>& exchange, Jobs&& jobs, bool alone);
  void take(Job& job, std::size_t number, const std::shared_ptr<Exchange>& exchange) noexcept;
  void settle(const std::shared_ptr<Exchange>& exchange) noexcept;
  void finish(const std::shared_ptr<Exchange>& exchange) noexcept;
  RankResponse response_of(Exchange& exchange) const;
  bool fall_back(Exchange& exchange, Fault fault) const;
  TrafficState traffic_state(const Exchange& exchange) const;
  void note_end(Exchange& exchange, const Outcome& outcome, int http_status) noexcept;
  void refuse_caught(Exchange& exchange) noexcept;
  void refuse(Exchange& exchange, const RankingError& error);
  void send(Exchange& exchange, TextAnswer&& answer, Status status);
  void say(Exchange& exchange, Reply&& reply) noexcept;
  void tell(const Done& done, Reply&& reply) noexcept;
  Reply reply_of(const Call& call, TextAnswer&& answer, Status status) const;

  const TextLimits limits_;
  const RankerNames names_;
  const std::size_t max_body_;
  LargeBodies large_bodies_;
  Scheduler& scheduler_;
  Metrics& metrics_;
  Experiments* const experiments_;
  const std::function<std::string()> not_ready_;
  std::atomic<std::int64_t> in_flight_{0};
};

}  // namespace tensor_service
