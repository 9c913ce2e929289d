// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Chooses who scores a request, by the plan that holds at the moment. As
// pipeline/routing/router.py.

#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "experiments/plan.h"

namespace tensor_service {

// Who asks: the fields of a request that a unit is made of.
struct Asking {
  std::string_view unit_id;
  std::string_view user_id;
  std::string_view query;

  std::string unit() const;
  bool is_query() const { return unit_id.empty() && user_id.empty(); }
};

// Any thread.
class Router {
 public:
  explicit Router(Plan plan) : plan_(std::make_shared<const Plan>(std::move(plan))) {}

  std::shared_ptr<const Plan> plan() const;
  // Decides by another plan from the next request on.
  void change(Plan plan);

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Plan> plan_;
};

// The route of a request that names no ranker. only: the experiment that alone may take it, or
// empty. now: seconds since 1970.
Route route_of(const Plan& plan, const Asking& asking, std::string_view only, double now);

// Seconds since 1970, UTC.
double seconds_now();

}  // namespace tensor_service
