// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Requests over real sockets, from one thread: closed loop (each connection sends its next request
// when the answer is there) or open loop (requests come at random times of a given rate, and wait
// on the client's side count as latency).

#pragma once

#include <cstdint>
#include <string>

#include "summary.h"
#include "workload.h"

namespace tensor_service::bench {

struct LoadRun {
  std::uint16_t port = 0;
  std::string protocol = "proto";
  int connections = 1;
  double rate = 0;  // requests a second; 0: closed loop
  double seconds = 2;
  bool mixed = false;  // requests of many lengths; rows are not counted
  long requests = 0;   // closed loop: stop after as many, instead of after the seconds
};

Summary run_load(const LoadRun& run, const Workload& workload);

}  // namespace tensor_service::bench
