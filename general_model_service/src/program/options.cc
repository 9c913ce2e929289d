// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "program/options.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <map>

#include "engine/cores.h"
#include "scheduling/batch_shape.h"
#include "service/text_refusal.h"

namespace tensor_service {
namespace {

// More threads than this do not make one short row faster.
constexpr int kMostLoneThreads = 4;

// What --batch_tokens is, unless it is given: as many as take kBatchTime, up to this.
constexpr std::int64_t kMostBatchTokens = 1024;

// What --streams, --batch_tokens and --max_batch_rows are on a GPU, unless they are given.
constexpr int kGpuStreams = 2;
constexpr std::int64_t kGpuBatchTokens = 16384;
constexpr std::size_t kGpuBatchRows = 256;

// What the flags hold before they become options.
struct Flags {
  std::string model;
  std::string precision = "fp32";
  int streams = 0;
  int math_threads = 0;
  int lone_threads = 0;
  int threads = 0;
  std::size_t max_body_size = 64U << 20U;
  std::size_t max_bytes_in_flight = 0;
  std::int64_t batch_wait_us = 0;
  std::string engine = "openvino";
  int gpu = -1;
  std::int64_t batch_tokens = 0;
  std::size_t batch_rows = 0;
  int reload_interval_s = 2;
  int drain_s = 10;
  int read_timeout_s = 20;
  int idle_timeout_s = 600;
};

void add_model_flags(CLI::App& app, Flags& flags, Options& options) {
  app.add_option("--model", flags.model, "bundle, or its serving_server directory");
  app.add_option("--precision", flags.precision,
                 "fp32, bf16, int8 (of a quantized bundle), or auto: bf16 where the CPU has it")
      ->check(CLI::IsMember({"fp32", "bf16", "int8", "auto"}))
      ->capture_default_str();
  app.add_option("--engine", flags.engine,
                 "openvino, or onnxruntime, which computes the bundle's .onnx")
      ->check(CLI::IsMember({"openvino", "onnxruntime"}))
      ->capture_default_str();
  app.add_option("--gpu", flags.gpu,
                 "number of the GPU that onnxruntime computes on, by CUDA; -1: the CPU")
      ->check(CLI::Range(-1, 1023))
      ->capture_default_str();
  app.add_option("--streams", flags.streams, "batches computed at once; 0: one for each core")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  app.add_option("--math_threads", flags.math_threads, "threads of one batch; 0: 1")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  app.add_option(
         "--lone_threads", flags.lone_threads,
         "threads of a batch that has the machine to itself; 0: one for each core, 4 at most")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  app.add_option("--reload_interval_s", flags.reload_interval_s,
                 "how often to look for a changed bundle; 0: only on SIGHUP")
      ->check(CLI::Range(0, 86400))
      ->capture_default_str();
  app.add_flag("--first_output", options.service.first_output,
               "answer an unknown fetch name with the first output, as upstream does");
  app.add_option("--request_cache_size", options.service.cache_bytes,
                 "bytes of answers to keep; 0: none")
      ->check(CLI::Range(std::size_t{0}, std::size_t{1} << 40U))  // -1 would mean no bound
      ->capture_default_str();
}

// The file says all: another flag would be one of two that say the same.
void add_config_flags(CLI::App& app, Options& options) {
  app.add_option("--config", options.config,
                 "config_nlp.yml of the Pipeline, in place of all other flags: serves its rankers "
                 "on http_port and rpc_port");
  app.add_flag("--check_config", options.check_config,
               "print what is wrong with that file, or ok, and end");
}

void check_flags(const CLI::App& app, const Options& options) {
  const bool has_model = app.count("--model") > 0;
  if (options.config.empty()) {
    if (options.check_config || !has_model) {
      throw CLI::RequiredError(options.check_config ? "--config" : "--model or --config");
    }
    return;
  }
  for (const CLI::Option* option : app.get_options()) {
    const std::string name = option->get_name();
    if (option->count() > 0 && name != "--config" && name != "--check_config") {
      throw CLI::ExcludesError("--config", name);
    }
  }
}

void add_batch_flags(CLI::App& app, Flags& flags, SchedulerOptions& scheduler) {
  app.add_flag("--pad_dynamic", scheduler.pad_dynamic,
               "batch rows of different length, padded with zeros");
  app.add_option("--batch_tokens", flags.batch_tokens,
                 "tokens of a batch, padding included; 0: 256 to 1024, as many as take 4 ms, on a "
                 "GPU 16384")
      ->check(CLI::Range(0, 1 << 24))
      ->capture_default_str();
  app.add_option("--max_batch_rows", flags.batch_rows, "rows of a batch; 0: 32, on a GPU 256")
      ->check(CLI::Range(0, 1 << 20))
      ->capture_default_str();
  app.add_option("--batch_wait_us", flags.batch_wait_us,
                 "how long a batch that is not full waits for more rows")
      ->check(CLI::Range(0, 10000000))
      ->capture_default_str();
  app.add_option("--queue_factor", scheduler.queue_factor,
                 "refuse a request with more than this many times its own tokens ahead of it")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  app.add_option("--queue_floor", scheduler.queue_floor, "tokens ahead that never refuse")
      ->check(CLI::Range(0, 1 << 30))
      ->capture_default_str();
  app.add_option("--queue_tokens", scheduler.queue_tokens, "tokens in the queue, at most")
      ->check(CLI::Range(1, 1 << 30))
      ->capture_default_str();
}

void add_server_flags(CLI::App& app, Flags& flags, ServerOptions& server, std::string& door) {
  app.add_option("--host", server.host, "IPv4 or IPv6 address, or name, to listen on; ::: all")
      ->capture_default_str();
  app.add_option("--port", server.port, "HTTP, gRPC and baidu_std; 0: a free one")
      ->capture_default_str();
  app.add_option("--prometheus_port", server.prometheus_port,
                 "serve /metrics there too; 0: only on --port")
      ->capture_default_str();
  app.add_option("--threads", flags.threads, "threads in all; 0: --streams and one more")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  app.add_option("--max_body_size", flags.max_body_size, "bytes of a request")
      ->check(CLI::Range(std::size_t{1}, std::size_t{2147483647}))
      ->capture_default_str();
  app.add_option("--max_bytes_in_flight", flags.max_bytes_in_flight,
                 "bytes of all bodies, inflated and decoded ones included; 0: 6 times "
                 "--max_body_size")
      ->check(CLI::Range(std::size_t{0}, std::size_t{1} << 40U))
      ->capture_default_str();
  app.add_option("--max_connections", server.max_connections, "open connections")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  app.add_option("--read_timeout_s", flags.read_timeout_s,
                 "for a request that has begun, with a second more for each 16 KiB")
      ->check(CLI::Range(1, 86400))
      ->capture_default_str();
  app.add_option("--idle_timeout_s", flags.idle_timeout_s, "for a connection between requests")
      ->check(CLI::Range(1, 86400))
      ->capture_default_str();
  app.add_option("--door", door,
                 "YAML with `http:` as in config_nlp.yml: API keys, hosts, origins, TLS of --port")
      ->check(CLI::ExistingFile);
  app.add_option("--drain_s", flags.drain_s, "for open requests after SIGTERM")
      ->check(CLI::Range(0, 3600))
      ->capture_default_str();
}

void add_text_flags(CLI::App& app, TextLimits& limits) {
  constexpr std::int64_t kMost = std::int64_t{1} << 40U;
  app.add_option("--max_documents", limits.max_documents, "documents of a request of texts")
      ->check(CLI::Range(std::int64_t{1}, kMost))
      ->capture_default_str();
  app.add_option("--max_query_chars", limits.max_query_chars, "characters of a query")
      ->check(CLI::Range(std::int64_t{1}, kMost))
      ->capture_default_str();
  app.add_option("--max_document_chars", limits.max_document_chars, "characters of a document")
      ->check(CLI::Range(std::int64_t{1}, kMost))
      ->capture_default_str();
  app.add_option("--max_tokens", limits.max_tokens, "tokens of a request of texts")
      ->check(CLI::Range(std::int64_t{1}, kMost))
      ->capture_default_str();
}

// A GPU computes one batch while the next is put together, and large ones in the time of small
// ones.
void apply_gpu(const Flags& flags, Options& options) {
  options.model.engines = flags.streams > 0 ? flags.streams : kGpuStreams;
  options.model.threads = options.model.lone_threads = 1;  // none of the CPU's compute
  options.service.scheduler.batch_tokens = kGpuBatchTokens;
  options.service.scheduler.batch_time = {};
  options.service.scheduler.max_batch_rows = kGpuBatchRows;
}

void apply(const Flags& flags, Options& options) {
  static const std::map<std::string, Precision> kPrecisions = {
      {"fp32", Precision::kFp32}, {"bf16", Precision::kBf16}, {"int8", Precision::kInt8}};
  const int cores = usable_cores();
  options.model.path = flags.model;
  options.model.automatic_precision = flags.precision == "auto";
  if (!options.model.automatic_precision) {
    options.model.precision = kPrecisions.at(flags.precision);
  }
  options.model.reader = flags.engine == "onnxruntime" || flags.gpu >= 0 ? GraphReader::kOnnxRuntime
                                                                         : GraphReader::kOpenVino;
  if (flags.gpu >= 0) {
    options.model.gpu = flags.gpu;
  }
  options.model.threads = std::max(1, flags.math_threads);
  options.model.engines =
      flags.streams > 0 ? flags.streams : std::max(1, cores / options.model.threads);
  options.model.lone_threads =
      flags.lone_threads > 0 ? flags.lone_threads : std::min(cores, kMostLoneThreads);
  options.service.scheduler.batch_tokens = kMostBatchTokens;
  options.service.scheduler.batch_time = kBatchTime;
  if (options.model.reader == GraphReader::kOpenVino) {
    options.service.scheduler.shape_change = kShapeChange;
  }
  if (options.model.gpu) {
    apply_gpu(flags, options);
  }
  if (flags.batch_tokens > 0) {
    options.service.scheduler.batch_tokens = flags.batch_tokens;
    options.service.scheduler.batch_time = {};
  }
  if (flags.batch_rows > 0) {
    options.service.scheduler.max_batch_rows = flags.batch_rows;
  }
  options.service.scheduler.workers = options.model.engines;
  options.service.scheduler.batch_wait = std::chrono::microseconds(flags.batch_wait_us);
  options.server.threads = flags.threads > 0 ? flags.threads : options.model.engines + 1;
  options.service.large_texts = std::max(1, options.server.threads - 1);
  options.server.drain = std::chrono::seconds(flags.drain_s);
  options.server.connections.protocol.max_body = flags.max_body_size;
  options.server.connections.protocol.reads_fields = reads_fields;
  options.server.connections.protocol.refusal = text_refusal;
  options.service.max_body = flags.max_body_size;
  options.server.max_bytes_in_flight =
      flags.max_bytes_in_flight > 0 ? flags.max_bytes_in_flight : 6 * flags.max_body_size;
  options.server.connections.read_timeout = std::chrono::seconds(flags.read_timeout_s);
  options.server.connections.idle_timeout = std::chrono::seconds(flags.idle_timeout_s);
  options.reload_interval = std::chrono::seconds(flags.reload_interval_s);
}

}  // namespace

std::optional<int> parse_options(int argc, const char* const* argv, Options& options) {
  CLI::App app("Serves a Paddle Serving bundle: tensors by GeneralModelService, texts by /rerank.",
               "tensor_service");
  Flags flags;
  add_config_flags(app, options);
  add_model_flags(app, flags, options);
  add_batch_flags(app, flags, options.service.scheduler);
  add_server_flags(app, flags, options.server, options.door);
  add_text_flags(app, options.service.text);
  try {
    app.parse(argc, argv);
    check_flags(app, options);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "tensor_service: error: %s; see --help\n", error.what());
    return 2;
  }
  apply(flags, options);
  return std::nullopt;
}

}  // namespace tensor_service
