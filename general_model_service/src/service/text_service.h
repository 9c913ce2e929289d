// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Calls that carry texts: reads and encodes them, has their rows computed among those of all other
// requests, and writes the ranking. Called by service.cc, from any thread.

#pragma once

#include <functional>
#include <memory>

#include "call/call.h"
#include "ranking/text_route.h"
#include "ranking/values.h"
#include "report/metrics.h"
#include "scheduling/scheduler.h"
#include "service/large_bodies.h"
#include "service/served_models.h"

namespace tensor_service {

class TextService {
 public:
  using Done = std::function<void(Reply&&)>;

  // large_bodies: how many may be read at once.
  TextService(const TextLimits& limits, const RankerNames& names, std::size_t max_body,
              int large_bodies, Scheduler& scheduler, Metrics& metrics)
      : limits_(limits),
        names_(names),
        max_body_(max_body),
        large_bodies_(large_bodies),
        scheduler_(scheduler),
        metrics_(metrics) {}

  // For texts of so many bytes, while they are read; throws CallError where there is none.
  LargeBodies::Place take_place(std::size_t size) { return large_bodies_.take(size); }

  // Answers a call of HTTP to a path that is_text_path, without a slash at its end, or one of RPC
  // to a path that is_rpc_text_path. At least one of the served takes texts. As Service::handle.
  std::shared_ptr<Job> handle(Call&& call, std::string_view path,
                              const std::shared_ptr<const ServedModels>& served, bool alone,
                              Done done) noexcept;

 private:
  struct Exchange;
  using Jobs = std::vector<std::shared_ptr<Job>>;

  std::shared_ptr<Job> answer(const std::shared_ptr<Exchange>& exchange, std::string_view path,
                              bool alone);
  Jobs read(const std::shared_ptr<Exchange>& exchange);
  void encode(Exchange& exchange, const std::vector<ServedRanker>& asked, std::size_t trees,
              std::vector<InferenceRequest>& requests);
  Jobs make_jobs(const std::shared_ptr<Exchange>& exchange,
                 std::vector<InferenceRequest>&& requests);
  std::shared_ptr<Job> submit(Jobs&& jobs, bool alone);
  void take(Job& job, std::size_t number, Exchange& exchange) noexcept;
  void finish(Exchange& exchange) noexcept;
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
};

}  // namespace tensor_service
