// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// One message of PipelineService through its route, with the rules that hold whatever the bytes
// are: it becomes a request within its limits, or feedback, or is refused by a RankingError; what
// is answered is a Response; and no more memory is taken than was told before. Called by the fuzz
// target, and by the tests with the corpus; throws std::logic_error when a rule is broken.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "pipeline_service.pb.h"
#include "ranking/text_route.h"
#include "records/feedback_request.h"
#include "request_run.h"

// There with AddressSanitizer only.
extern "C" __attribute__((weak)) std::size_t __sanitizer_get_current_allocated_bytes();

namespace tensor_service {

class RpcRequestRun {
 public:
  explicit RpcRequestRun(std::string_view bytes)
      : body_(bytes), route_(make_rpc_route("")), allocated_before_(allocated()) {}

  void run() {
    try {
      begin();
    } catch (const RankingError& error) {
      const Progress progress{
          .request_id = "id", .asked = {rankers().first()}, .experiment = {}, .variant = {}};
      const int err_no = err_no_of(route_->refuse(error, progress));
      if (err_no == 0) {
        throw std::logic_error("a refusal that looks like an answer");
      }
    }
  }

 private:
  void begin() {
    told_ = route_->tree_bytes(body_);
    route_->begin(std::string(body_), rankers());
    require_told();
    const auto more = [this](std::size_t bytes) { told_ += bytes; };
    if (auto lists = route_->feedback()) {
      require_told();
      require_readable(line_of(feedback_of_wire(lists->keys, lists->values, kLimits, 1.0, more)));
      require_good(route_->kept("id"));
      return;
    }
    const RankRequest request = route_->read(kLimits, rankers(), more);
    require_told();
    require_within(request, kLimits);
    route_->choose(request, rankers());
    RankResponse response;
    response.ranker = "pairwise";
    response.scores.resize(request.titles.size());
    for (std::size_t i = 0; i < request.titles.size(); ++i) {
      response.order.push_back(i);
    }
    require_good(route_->answer(request, response));
  }

  static int err_no_of(const TextAnswer& answer) {
    baidu::paddle_serving::pipeline_serving::Response response;
    if (!response.ParseFromString(answer.body)) {
      throw std::logic_error("an answer that is no Response");
    }
    if (response.key_size() != response.value_size()) {
      throw std::logic_error("an answer with other keys than values");
    }
    return response.err_no();
  }

  static void require_good(const TextAnswer& answer) {
    if (err_no_of(answer) != 0) {
      throw std::logic_error("an answer that looks like a refusal");
    }
  }

  void require_told() const {
    if (allocated() > allocated_before_ + told_ + kUncounted) {
      throw std::logic_error("more memory than was told");
    }
  }

  static std::size_t allocated() {
    return __sanitizer_get_current_allocated_bytes != nullptr
               ? __sanitizer_get_current_allocated_bytes()
               : 0;
  }

  static const ServedRankers& rankers() {
    static const Bundle bundle = [] {
      Bundle made;
      made.manifest.emplace().ranker = "pairwise";
      return made;
    }();
    static const ServedRankers served({ServedRanker{.bundle = &bundle}});
    return served;
  }

  static constexpr TextLimits kLimits{
      .max_documents = 8, .max_query_chars = 32, .max_document_chars = 64};
  // of a message without strings, and of what is checked while it is read
  static constexpr std::size_t kUncounted = 16U << 10U;

  std::string_view body_;
  std::unique_ptr<TextRoute> route_;
  std::size_t allocated_before_;
  std::size_t told_ = 0;
};

inline void run_rpc_request(std::string_view bytes) { RpcRequestRun(bytes).run(); }

}  // namespace tensor_service
