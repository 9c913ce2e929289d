// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "experiments/router.h"

#include <chrono>

#include "experiments/hash.h"

namespace tensor_service {

std::shared_ptr<const Plan> Router::plan() const {
  const std::lock_guard lock(mutex_);
  return plan_;
}

void Router::change(Plan plan) {
  auto next = std::make_shared<const Plan>(std::move(plan));
  const std::lock_guard lock(mutex_);
  plan_.swap(next);
}

std::string Asking::unit() const { return unit_of(unit_id, user_id, query); }

Route route_of(const Plan& plan, const Asking& asking, std::string_view only, double now) {
  Route route;
  if (!plan.experiments.empty()) {
    const std::string unit = asking.unit();
    if (const Choice choice = plan.choose(unit, now, only); choice.route != nullptr) {
      route = *choice.route;
      route.unit = logged_unit(unit, asking.is_query());
      route.reason = choice.reason;
      return route;
    }
  }
  route.targets = {plan.default_target()};
  return route;
}

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace tensor_service
