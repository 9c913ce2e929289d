// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include <array>

#include "settings/service_settings.h"

namespace tensor_service {
namespace {

// A key that does not apply, and why.
struct Note {
  std::string_view key;
  std::string_view why;
};

constexpr std::array kIgnored = std::to_array<Note>({
    {"worker_num", "requests are read by the threads of the event loop"},
    {"dag.retry", "no request is asked for twice"},
    {"dag.use_profile", "there is no graph of ops"},
    {"dag.tracer", "there is no graph of ops; GET /metrics tells of times"},
    {"log_dir", "the log goes to standard error"},
    {"log_format", "the log is text, on standard error"},
    {"scheduler.max_padding", "a batch has at most a quarter of padding"},
    {"scheduler.length_multiple", "lengths are rounded up to a multiple of 8"},
    {"scheduler.cache_rows", "no scores are kept"},
    {"scheduler.max_compute_s", "a batch is not timed"},
});

// Whether a key is there and not what it is without it.
bool is_set(const ServiceSettings& settings, std::string_view key) {
  const JsonNode* node = settings.find(key);
  return node != nullptr && !(node->is_array() && node->items.empty()) &&
         !(node->is_string() && node->text.empty());
}

void refuse_engine(const ServiceSettings& settings, const RankerSettings& ranker) {
  const std::string field = ranker.where + ".engine";
  const std::string engine = settings.text(field, "paddle");
  if (engine == "remote") {
    throw ConfigError(field,
                      "remote is the Pipeline's: this service computes itself; set it to auto and "
                      "local_service_conf.model_config to the bundle");
  }
  if (engine == "paddle") {
    const bool given = settings.find(field) != nullptr;
    throw ConfigError(field, std::string(given ? "paddle does"
                                               : "left out it is paddle, which "
                                                 "does") +
                                 " not compute in this service; set it to auto or openvino");
  }
  const std::string conf = ranker.where + ".local_service_conf";
  const std::int64_t device = settings.whole(conf + ".device_type", -1);
  if (device > 0) {
    throw ConfigError(conf + ".device_type",
                      "this service computes on the CPU; set device_type to 0");
  }
  if (device < 0 && is_set(settings, conf + ".devices")) {
    throw ConfigError(conf + ".devices", "this service computes on the CPU; leave it out");
  }
  if (ranker.precision == "fp16") {
    throw ConfigError(conf + ".precision", "fp16 is not computed on a CPU; use auto or fp32");
  }
  if (settings.whole(ranker.where + ".timeout", -1) > 0) {
    throw ConfigError(ranker.where + ".timeout",
                      "is not carried; leave it out, callers give x-timeout-ms");
  }
}

void refuse_split(const ServiceSettings& settings) {
  const JsonNode* ops = settings.find("op");
  for (const JsonNode& op : ops->items) {
    if (op.given("split") != nullptr) {
      throw ConfigError("op." + op.key + ".split",
                        "is the Pipeline's: this service keeps no states of texts; leave it out, "
                        "and the bundle's whole graph is computed");
    }
  }
}

void refuse_dag(const ServiceSettings& settings) {
  if (!settings.flag("dag.is_thread_op", true)) {
    throw ConfigError("dag.is_thread_op",
                      "false is not carried: there are no op processes; set it to true");
  }
  if (settings.flag("dag.enable_prometheus", false)) {
    throw ConfigError("dag.enable_prometheus",
                      "is not carried; set it to false and scrape GET /metrics of http_port");
  }
  if (settings.number("scheduler.max_queue_ms", 0) > 0) {
    throw ConfigError("scheduler.max_queue_ms",
                      "is not carried; leave it out, max_queue_rows bounds what may wait");
  }
  if (is_set(settings, "tracing.endpoint")) {
    throw ConfigError("tracing.endpoint", "traces are not carried; leave it out");
  }
}

void refuse_cascade(const ServiceSettings& settings) {
  if (settings.find("cascade") != nullptr) {
    throw ConfigError("cascade",
                      "is the Pipeline's: this service scores a list by one ranker; leave it out, "
                      "or start python -m pipeline.web_service");
  }
}

void refuse_large_bodies(const ServiceSettings& settings) {
  constexpr std::int64_t kMost = 2'147'483'647;
  if (settings.whole("limits.max_body_bytes", 0) > kMost) {
    throw ConfigError("limits.max_body_bytes",
                      "is " + std::to_string(kMost) + " at most in this service");
  }
}

}  // namespace

void refuse_uncarried(ServiceSettings& settings) {
  for (const RankerSettings& ranker : settings.rankers) {
    refuse_engine(settings, ranker);
  }
  refuse_cascade(settings);
  refuse_split(settings);
  refuse_dag(settings);
  refuse_large_bodies(settings);
  for (const Note& note : kIgnored) {
    if (settings.find(note.key) != nullptr) {
      settings.notes.push_back(std::string(note.key) + ": " + std::string(note.why));
    }
  }
}

}  // namespace tensor_service
