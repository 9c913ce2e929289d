// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "report/metrics.h"

#include <algorithm>
#include <bit>
#include <cstdio>

namespace tensor_service {
namespace {

constexpr std::array<std::string_view, kStatuses> kStatusNames = {
    "ok",          "invalid",   "malformed",          "overflow",
    "too_large",   "not_found", "method_not_allowed", "unsupported",
    "overloaded",  "crowded",   "deadline",           "cancelled",
    "unavailable", "no_memory", "unauthorized",       "forbidden",
    "internal"};

std::string number(double value) {
  std::array<char, 32> text{};
  const int length = std::snprintf(text.data(), text.size(), "%.12g", value);
  return {text.data(), static_cast<std::size_t>(length)};
}

void head(std::string& text, std::string_view name, std::string_view type, std::string_view help) {
  text.append("# HELP ").append(name).append(" ").append(help);
  text.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
}

void line(std::string& text, std::string_view name, std::string_view labels, double value) {
  text.append(name);
  if (!labels.empty()) {
    text.append("{").append(labels).append("}");
  }
  text.append(" ").append(number(value)).append("\n");
}

void simple(std::string& text, std::string_view name, std::string_view type, std::string_view help,
            std::int64_t value) {
  head(text, name, type, help);
  line(text, name, "", static_cast<double>(value));
}

// For text that comes from a manifest.
std::string label_value(std::string_view value) {
  std::string escaped;
  for (const char c : value) {
    if (c == '\\' || c == '"') {
      escaped += '\\';
    }
    escaped += c == '\n' ? ' ' : c;
  }
  return escaped;
}

void write_requests(std::string& text, const Metrics& metrics) {
  head(text, "tensor_service_requests_total", "counter", "Requests answered, by outcome.");
  for (std::size_t i = 0; i < metrics.requests.size(); ++i) {
    const std::string name(status_name(static_cast<Status>(i)));
    line(text, "tensor_service_requests_total", "status=\"" + name + "\"",
         static_cast<double>(metrics.requests[i].value()));
  }
}

void write_times(std::string& text, const Metrics& metrics) {
  constexpr std::string_view kStages = "tensor_service_stage_seconds";
  head(text, kStages, "histogram",
       "Time of a request in each stage: parse, queue, compute, write.");
  metrics.parse.write(text, kStages, "stage=\"parse\"", 1e6);
  metrics.queue.write(text, kStages, "stage=\"queue\"", 1e6);
  metrics.compute.write(text, kStages, "stage=\"compute\"", 1e6);
  metrics.write.write(text, kStages, "stage=\"write\"", 1e6);
  head(text, "tensor_service_request_seconds", "histogram",
       "From the first byte of a request to the last byte handed to the kernel.");
  metrics.total.write(text, "tensor_service_request_seconds", "", 1e6);
  head(text, "tensor_service_batch_rows", "histogram", "Rows in a batch.");
  metrics.batch_rows.write(text, "tensor_service_batch_rows", "", 1);
  head(text, "tensor_service_batch_tokens", "histogram", "Tokens in a batch, padding included.");
  metrics.batch_tokens.write(text, "tensor_service_batch_tokens", "", 1);
}

// The names Paddle Serving's own exporter uses.
void write_upstream(std::string& text, const Metrics& metrics) {
  std::int64_t failed = 0;
  for (std::size_t i = 1; i < metrics.requests.size(); ++i) {
    failed += metrics.requests[i].value();
  }
  simple(text, "pd_query_request_success_total", "counter", "Requests answered without error.",
         metrics.requests[0].value());
  simple(text, "pd_query_request_failure_total", "counter", "Requests answered with an error.",
         failed);
  simple(text, "pd_inference_count_total", "counter", "Batches computed.",
         metrics.inference_batches.value());
  simple(text, "pd_query_request_duration_us_total", "counter", "Microseconds of all requests.",
         metrics.total_us.value());
  simple(text, "pd_inference_duration_us_total", "counter", "Microseconds of all batches.",
         metrics.compute_us.value());
}

void write_rest(std::string& text, const Metrics& metrics) {
  simple(text, "tensor_service_rows_total", "counter", "Rows computed.", metrics.rows.value());
  simple(text, "tensor_service_cancelled_rows_total", "counter",
         "Rows dropped before they were computed.", metrics.cancelled_rows.value());
  simple(text, "tensor_service_text_requests_total", "counter", "Requests that carried texts.",
         metrics.text_requests.value());
  simple(text, "tensor_service_text_documents_total", "counter", "Documents that were encoded.",
         metrics.text_documents.value());
  head(text, "tensor_service_reloads_total", "counter",
       "Bundles taken and refused since the start.");
  line(text, "tensor_service_reloads_total", "result=\"taken\"",
       static_cast<double>(metrics.reloads_good.value()));
  line(text, "tensor_service_reloads_total", "result=\"refused\"",
       static_cast<double>(metrics.reloads_bad.value()));
  simple(text, "tensor_service_cache_hits_total", "counter", "Requests answered from the cache.",
         metrics.cache_hits.value());
  simple(text, "tensor_service_cache_misses_total", "counter", "Requests not found in the cache.",
         metrics.cache_misses.value());
  simple(text, "tensor_service_connections", "gauge", "Connections open.",
         metrics.connections_opened.value() - metrics.connections_closed.value());
  simple(text, "tensor_service_connections_opened_total", "counter", "Connections accepted.",
         metrics.connections_opened.value());
  simple(text, "tensor_service_connections_refused_total", "counter",
         "Connections closed at once because there were too many.",
         metrics.connections_refused.value());
  simple(text, "tensor_service_tls_failures_total", "counter",
         "Connections that did not come to speak TLS where it is asked for.",
         metrics.tls_failures.value());
  simple(text, "tensor_service_timeouts_total", "counter",
         "Connections closed because the peer was too slow.", metrics.timeouts.value());
}

}  // namespace

void Histogram::observe(std::int64_t value) {
  const auto units = static_cast<std::uint64_t>(std::max<std::int64_t>(value, 1) - 1) /
                     static_cast<std::uint64_t>(first_bound_);
  const auto bucket =
      std::min<std::size_t>(static_cast<std::size_t>(std::bit_width(units)), kBuckets);
  buckets_[bucket].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

void Histogram::write(std::string& text, std::string_view name, std::string_view labels,
                      double scale) const {
  const std::string separator = labels.empty() ? "" : ",";
  const std::string series(name);
  std::int64_t count = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    count += buckets_[i].load(std::memory_order_relaxed);
    const double bound = static_cast<double>(first_bound_ << i) / scale;
    const std::string le = i == kBuckets ? "+Inf" : number(bound);
    line(text, series + "_bucket", std::string(labels) + separator + "le=\"" + le + "\"",
         static_cast<double>(count));
  }
  line(text, series + "_sum", labels,
       static_cast<double>(sum_.load(std::memory_order_relaxed)) / scale);
  line(text, series + "_count", labels, static_cast<double>(count));
}

std::string prometheus_text(const Metrics& metrics, const Gauges& gauges) {
  std::string text;
  write_requests(text, metrics);
  write_times(text, metrics);
  write_upstream(text, metrics);
  write_rest(text, metrics);
  simple(text, "tensor_service_queued_tokens", "gauge", "Tokens waiting to be computed.",
         gauges.queued_tokens);
  simple(text, "tensor_service_cache_bytes", "gauge", "Bytes of cached answers.",
         gauges.cache_bytes);
  simple(text, "tensor_service_held_bytes", "gauge",
         "Bytes of bodies that arrive, inflate or are decoded, and of what they became.",
         gauges.held_bytes);
  simple(text, "tensor_service_wrong_api_keys_total", "counter",
         "Requests with an API key that is not known.", gauges.wrong_api_keys);
  simple(text, "tensor_service_ready", "gauge", "1 when requests are taken.", gauges.ready ? 1 : 0);
  head(text, "tensor_service_bundle_info", "gauge", "The bundle that answers.");
  // without a bundle there is a line without names, as there was before any was loaded
  const std::vector<Gauges::Bundle> none{{}};
  for (const Gauges::Bundle& bundle : gauges.bundles.empty() ? none : gauges.bundles) {
    line(text, "tensor_service_bundle_info",
         "ranker=\"" + label_value(bundle.ranker) + "\",version=\"" + label_value(bundle.version) +
             "\",precision=\"" + label_value(bundle.precision) + "\"",
         1);
  }
  return text;
}

std::string_view status_name(Status status) {
  return kStatusNames[static_cast<std::size_t>(status)];
}

}  // namespace tensor_service
