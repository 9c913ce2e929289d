// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "engine_bench.h"

#include <chrono>
#include <mutex>
#include <thread>

namespace tensor_service::bench {
namespace {

using Clock = std::chrono::steady_clock;

class Feeds {
 public:
  Feeds(const Engine& engine, const Workload& workload)
      : ids_(workload.ids()), types_(workload.types()), shape_{workload.rows, workload.tokens} {
    for (const Port& port : engine.inputs()) {
      const auto& values = port.name == "input_ids" ? ids_ : types_;
      views_.push_back({port.type, shape_, reinterpret_cast<const std::byte*>(values.data())});
    }
  }
  std::span<const TensorView> views() const { return views_; }

 private:
  std::vector<std::int64_t> ids_, types_;
  Shape shape_;
  std::vector<TensorView> views_;
};

}  // namespace

Summary run_engine(const EngineRun& run, const Workload& workload) {
  const std::vector<int> threads(static_cast<std::size_t>(run.streams), run.engine.threads);
  auto engines = make_openvino_engines(run.model, run.engine, threads);
  Summary summary;
  std::mutex mutex;
  const auto work = [&](Engine& engine) {
    const Feeds feeds(engine, workload);
    for (int i = 0; i < 20; ++i) {
      engine.run(feeds.views());
    }
    std::vector<double> latencies;
    const auto start = Clock::now();
    const auto end = start + std::chrono::duration<double>(run.seconds);
    auto before = Clock::now();
    while (before < end) {
      engine.run(feeds.views());
      const auto after = Clock::now();
      latencies.push_back(std::chrono::duration<double, std::micro>(after - before).count());
      before = after;
    }
    const std::lock_guard lock(mutex);
    summary.seconds =
        std::max(summary.seconds, std::chrono::duration<double>(before - start).count());
    summary.rows += static_cast<long>(latencies.size()) * workload.rows;
    summary.latencies_us.insert(summary.latencies_us.end(), latencies.begin(), latencies.end());
  };
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < engines.size(); ++i) {
      threads.emplace_back([&, i] { work(*engines[i]); });
    }
    work(*engines[0]);
  }
  return summary;
}

}  // namespace tensor_service::bench
