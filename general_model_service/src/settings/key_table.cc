// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "settings/key_table.h"

namespace tensor_service {
namespace {

constexpr std::string_view kGraphDecides = "a ranker's bundle says what is fed and fetched";
constexpr std::string_view kSchedulerBatches =
    "the scheduler batches rows of all requests, see scheduler.max_batch_tokens";
constexpr std::string_view kNoRemote =
    "the ranker runs in this service, by local_service_conf.model_config";

const ValueRule kFlag{.kind = ValueKind::kFlag};
const ValueRule kText{.kind = ValueKind::kText};
const ValueRule kTexts{.kind = ValueKind::kTexts};
const ValueRule kTextMap{.kind = ValueKind::kTextMap};
const ValueRule kMoment{.kind = ValueKind::kMoment};
const ValueRule kWhole{.kind = ValueKind::kWhole};
const ValueRule kCount{.kind = ValueKind::kWhole, .least = 1, .bounds = " >= 1"};

ValueRule at_least(double least, std::string_view bounds) {
  return {.kind = ValueKind::kWhole, .least = least, .bounds = bounds};
}

ValueRule whole(double least, double most, std::string_view bounds) {
  return {.kind = ValueKind::kWhole, .least = least, .most = most, .bounds = bounds};
}

ValueRule number(double least, double most, std::string_view bounds) {
  return {.kind = ValueKind::kNumber, .least = least, .most = most, .bounds = bounds};
}

ValueRule choice(std::vector<std::string_view> choices) {
  return {.kind = ValueKind::kChoice, .choices = std::move(choices)};
}

ValueRule section(const SectionRule& rule) {
  return {.kind = ValueKind::kSection, .section = &rule};
}

ValueRule sections(const SectionRule& rule) {
  return {.kind = ValueKind::kSections, .section = &rule};
}

const ValueRule kShare = number(0, 1, " from 0 to 1");
const ValueRule kPort = whole(1024, 65535, " from 1024 to 65535");
const ValueRule kKilobyte = at_least(1024, " >= 1024");
const ValueRule kRanker = choice({"pairwise", "cross_encoder", "cascade"});

const SectionRule& local_keys() {
  static const SectionRule keys{{
      {"model_config", kText},
      {"client_type", choice({"local_predictor", "brpc", "grpc"}), kNoRemote, "'local_predictor'"},
      {"workdir", kText, kNoRemote, "''"},
      {"thread_num", kCount},
      {"device_type", whole(-1, 6, " from -1 to 6")},
      {"devices", kText},
      {"mem_optim", kFlag},
      {"ir_optim", kFlag},
      {"precision", choice({"fp32", "fp16", "bf16", "int8", "auto"})},
      {"use_calib", kFlag},
      {"use_mkldnn", kFlag},
      {"mkldnn_cache_capacity", kWhole},
      {"mkldnn_op_list", kTexts},
      {"mkldnn_bf16_op_list", kTexts},
      {"min_subgraph_size", kWhole},
      {"fetch_list", kTexts},
  }};
  return keys;
}

const SectionRule& op_keys() {
  static const SectionRule split{{{"store_bytes", kCount}, {"corpus", kText}}};
  static const SectionRule keys{{
      {"engine", choice({"paddle", "openvino", "remote", "auto"})},
      {"concurrency", kCount},
      {"tokenizer_threads", kCount},
      {"timeout", kWhole},
      {"retry", kCount},
      {"batch_size", kCount, kSchedulerBatches, "1"},
      {"auto_batching_timeout", kWhole, kSchedulerBatches, "-1"},
      {"local_service_conf", section(local_keys())},
      {"server_endpoints", kTexts},
      {"remote_input", choice({"tensors", "texts"})},
      {"split", section(split)},
      {"more_bundles", kTexts},
      {"fetch_list", kTexts, kGraphDecides, "None"},
      {"client_config", kText, kNoRemote, "None"},
      {"client_type", kText, kNoRemote, "None"},
      {"use_encryption_model", kFlag, kNoRemote, "False"},
      {"encryption_key", kText, kNoRemote, "None"},
      {"tokenizer", kText},
      {"max_seq_length", at_least(5, " >= 5")},
      {"score_function", choice({"sigmoid", "softmax_positive", "identity"})},
  }};
  return keys;
}

const SectionRule& dag_keys() {
  static const SectionRule tracer{{{"interval_s", kWhole}}};
  static const SectionRule keys{{
      {"retry", kCount},
      {"client_type", choice({"brpc", "grpc"}), kNoRemote, "'brpc'"},
      {"use_profile", kFlag},
      {"channel_size", at_least(0, " >= 0"), "limits.max_in_flight bounds what may wait", "0"},
      {"is_thread_op", kFlag},
      {"tracer", section(tracer)},
      {"channel_recv_frist_arrive", kFlag,
       "sort needs the answers of all rankers, not the first that arrives", "False"},
      {"enable_prometheus", kFlag},
      {"prometheus_port", kPort},
  }};
  return keys;
}

const SectionRule& limits_keys() {
  static const SectionRule keys{{
      {"max_documents", kCount},
      {"max_query_chars", kCount},
      {"max_document_chars", kCount},
      {"max_body_bytes", kKilobyte},
      {"max_body_bytes_in_flight", kKilobyte},
      {"body_timeout_s", number(0.1, 3600, " from 0.1 to 3600")},
      {"header_timeout_s", number(0.1, 3600, " from 0.1 to 3600")},
      {"keep_alive_s", whole(1, 3600, " from 1 to 3600")},
      {"max_header_bytes", whole(1024, 1048576, " from 1024 to 1048576")},
      {"max_connections", kCount},
      {"max_in_flight", whole(1, 1024, " from 1 to 1024")},
      {"max_delay_ms", number(0, 600'000, " from 0 to 600000")},
      {"max_tokens", kCount},
      {"ready_share", kShare},
  }};
  return keys;
}

const SectionRule& scheduler_keys() {
  static const SectionRule keys{{
      {"max_batch_tokens", kCount},
      {"max_wait_ms", number(0, 1000, " from 0 to 1000")},
      {"max_padding", kShare},
      {"length_multiple", whole(1, 128, " from 1 to 128")},
      {"max_queue_rows", kCount},
      {"max_queue_ms", number(0, 600'000, " from 0 to 600000")},
      {"cache_rows", at_least(0, " >= 0")},
      {"max_compute_s", number(0.01, 86'400, " from 0.01 to 86400")},
  }};
  return keys;
}

const SectionRule& experiment_keys() {
  static const SectionRule variant{{
      {"name", kText},
      {"ranker", kRanker},
      {"bundle", kText},
      {"weight", number(0, 1e6, " from 0 to 1000000.0")},
  }};
  static const SectionRule space{{{"name", kText}, {"start", kShare}, {"end", kShare}}};
  static const SectionRule keys{{
      {"name", kText},
      {"salt", kText},
      {"mode", choice({"split", "shadow", "interleave"})},
      {"variants", sections(variant)},
      {"coverage", kShare},
      {"start", kMoment},
      {"end", kMoment},
      {"namespace", section(space)},
      {"allow_list", kTextMap},
      {"fallback", kRanker},
  }};
  return keys;
}

const SectionRule& exposures_keys() {
  static const SectionRule keys{{
      {"directory", kText},
      {"max_file_bytes", kKilobyte},
      {"max_queue", kCount},
      {"max_queue_bytes", kKilobyte},
      {"fsync", choice({"always", "interval", "never"})},
      {"fsync_interval_s", number(0.01, 3600, " from 0.01 to 3600")},
      {"max_positions", kCount},
      {"keep_texts", kFlag},
      {"shadow_threads", whole(1, 16, " from 1 to 16")},
  }};
  return keys;
}

const SectionRule& http_keys() {
  static const SectionRule api_key{{
      {"name", kText},
      {"sha256", {.kind = ValueKind::kDigest}},
      {"requests_per_minute", kCount},
      {"max_in_flight", kCount},
      {"documents_per_day", kCount},
      {"key_file", kText},
      {"key_env", kText},
  }};
  static const SectionRule keys{{
      {"api_keys", sections(api_key)},
      {"cors_origins", kTexts},
      {"allowed_hosts", kTexts},
      {"tls_certificate", kText},
      {"tls_key", kText},
      {"tls_client_ca", kText},
  }};
  return keys;
}

const SectionRule& rpc_keys() {
  static const SectionRule keys{{
      {"ask_for_key", kFlag},
      {"tls_certificate", kText},
      {"tls_key", kText},
      {"tls_client_ca", kText},
  }};
  return keys;
}

const SectionRule& cascade_keys() {
  static const SectionRule stage{{
      {"ranker", choice({"bm25", "pairwise", "cross_encoder"})},
      {"bundle", kText},
      {"keep", kCount},
      {"keep_share", kShare},
      {"keep_at_least", kCount},
  }};
  static const SectionRule keys{{
      {"stages", sections(stage)},
      {"max_ms", number(1, 600'000, " from 1 to 600000")},
  }};
  return keys;
}

const SectionRule& tracing_keys() {
  static const SectionRule keys{{
      {"endpoint", kText},
      {"sample_ratio", kShare},
      {"service_name", kText},
      {"headers", kTextMap},
  }};
  return keys;
}

}  // namespace

const SectionRule& service_keys() {
  static const SectionRule holdout{{{"salt", kText}, {"share", kShare}}};
  static const ValueRule ops{.kind = ValueKind::kSectionMap,
                             .choices = {"tokenize", "ernie", "rocketqa", "sort"},
                             .section = &op_keys()};
  static const SectionRule keys{{
      {"rpc_port", kPort},
      {"http_port", kPort},
      {"rpc_host", kText},
      {"http_host", kText},
      {"worker_num", kCount},
      {"build_dag_each_worker", kFlag, "one DAG serves all requests, so that they share batches",
       "False"},
      {"grpc_gateway_port", kWhole, "http_port answers without a gateway", "None"},
      {"dag", section(dag_keys())},
      {"op", ops},
      {"default_ranker", kRanker},
      {"cascade", section(cascade_keys())},
      {"limits", section(limits_keys())},
      {"scheduler", section(scheduler_keys())},
      {"experiments", sections(experiment_keys())},
      {"holdout", section(holdout)},
      {"exposures", section(exposures_keys())},
      {"http", section(http_keys())},
      {"rpc", section(rpc_keys())},
      {"tracing", section(tracing_keys())},
      {"model_aliases", kTextMap},
      {"drain_timeout_s", number(0, 60, " from 0 to 60")},
      {"log_dir", kText},
      {"log_format", choice({"text", "json"})},
      {"engine_cache", kText},
  }};
  return keys;
}

}  // namespace tensor_service
