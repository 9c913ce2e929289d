// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The engine called in process, without any service: what the service is compared with.

#pragma once

#include <string>

#include "engine/engine.h"
#include "summary.h"
#include "workload.h"

namespace tensor_service::bench {

struct EngineRun {
  std::string model;  // .pdmodel
  EngineOptions engine;
  int streams = 1;  // engines run at once, each by its own thread
  double seconds = 2;
};

Summary run_engine(const EngineRun& run, const Workload& workload);

}  // namespace tensor_service::bench
