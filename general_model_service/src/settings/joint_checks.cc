// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "settings/joint_checks.h"

#include <algorithm>
#include <regex>

#include "json/python_text.h"

namespace tensor_service {
namespace {

constexpr std::size_t kShown = 2000;

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    text += (text.empty() ? "" : ", ") + name;
  }
  return text;
}

void check_ports(const ServiceSettings& settings) {
  if (!settings.rpc_port && !settings.http_port) {
    throw ConfigError("rpc_port", "missing; give rpc_port, http_port or both");
  }
  if (settings.rpc_port == settings.http_port) {
    throw ConfigError("http_port", std::to_string(*settings.http_port) + " is rpc_port already");
  }
}

void check_rankers(const ServiceSettings& settings, const std::vector<std::string>& rankers) {
  if (rankers.empty()) {
    throw ConfigError("op", "names no ranker; give ernie or rocketqa a local_service_conf");
  }
  const std::string asked = settings.text("default_ranker");
  if (asked == "cascade") {
    if (settings.find("cascade") == nullptr) {
      throw ConfigError("default_ranker", "cascade needs cascade");
    }
    return;
  }
  if (!asked.empty() && std::find(rankers.begin(), rankers.end(), asked) == rankers.end()) {
    throw ConfigError("default_ranker", asked + " needs op." + std::string(op_of_ranker(asked)));
  }
}

bool is_given(const JsonNode& section, std::string_view key) {
  const JsonNode* value = section.given(key);
  return value != nullptr && !(value->is_string() && value->text.empty());
}

void check_api_key(const JsonNode& keys, std::size_t number) {
  const JsonNode& one = keys.items[number];
  const std::string where = "http.api_keys[" + std::to_string(number) + "]";
  if (!is_given(one, "name")) {
    throw ConfigError(where + ".name", "missing");
  }
  std::vector<std::string> sources;
  for (const char* source : {"sha256", "key_file", "key_env"}) {
    if (is_given(one, source)) {
      sources.emplace_back(source);
    }
  }
  if (sources.size() != 1) {
    std::string found = "missing";
    for (const std::string& source : sources) {
      found = (&source == sources.data() ? "" : found + " and ") + source;
    }
    throw ConfigError(where + ".sha256", found + (sources.empty() ? "" : " are given") +
                                             "; give one of sha256, key_file, key_env");
  }
  const std::string& name = one.find("name")->text;
  const auto same = std::count_if(keys.items.begin(), keys.items.end(), [&](const JsonNode& other) {
    const JsonNode* of = other.given("name");
    return of != nullptr && of->text == name;
  });
  if (same > 1) {
    throw ConfigError(where + ".name", name + " stands twice");
  }
}

void check_hosts(const JsonNode& hosts) {
  static const std::regex host(R"(\*|(?:\*\.)?[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?)");
  constexpr std::size_t kLongest = 1000;  // std::regex calls itself for each character
  for (std::size_t i = 0; i < hosts.items.size(); ++i) {
    const std::string& name = hosts.items[i].text;
    if (name.size() > kLongest || !std::regex_match(name, host)) {
      throw ConfigError("http.allowed_hosts[" + std::to_string(i) + "]",
                        "must be a name without scheme, port and path, such as rank.example.com "
                        "or *.example.com, got " +
                            python_repr(hosts.items[i], 80));
    }
  }
}

void check_tls(const ServiceSettings& settings, const std::string& section) {
  const bool certificate = settings.find(section + ".tls_certificate") != nullptr;
  const bool key = settings.find(section + ".tls_key") != nullptr;
  if (certificate != key) {
    throw ConfigError(section + (key ? ".tls_certificate" : ".tls_key"),
                      "missing; certificate and key go together");
  }
  if (settings.find(section + ".tls_client_ca") != nullptr && !certificate) {
    throw ConfigError(section + ".tls_certificate",
                      "missing; tls_client_ca needs a certificate and a key of the service");
  }
}

void check_tracing(const ServiceSettings& settings) {
  static const std::regex url("[hH][tT][tT][pP][sS]?://[^/?#]+.*");
  const JsonNode* endpoint = settings.find("tracing.endpoint");
  constexpr std::size_t kLongest = 1000;
  if (endpoint != nullptr &&
      (endpoint->text.size() > kLongest || !std::regex_match(endpoint->text, url))) {
    throw ConfigError("tracing.endpoint", "must be a URL like http://127.0.0.1:4318, got " +
                                              python_repr(*endpoint, kShown));
  }
}

void check_aliases(const ServiceSettings& settings, const std::vector<std::string>& rankers) {
  for (const auto& [alias, ranker] : settings.model_aliases) {
    if (ranker == "cascade" && settings.find("cascade") != nullptr) {
      continue;  // refused by its section's name, as default_ranker is
    }
    if (std::find(rankers.begin(), rankers.end(), ranker) == rankers.end()) {
      throw ConfigError("model_aliases." + alias, "must be one of " + joined(rankers) + ", got " +
                                                      python_repr(ranker, kShown));
    }
  }
}

void check_tokenizer_threads(const ServiceSettings& settings) {
  const JsonNode* ops = settings.find("op");
  for (const JsonNode& op : ops->items) {
    if (op.key != "tokenize" && op.given("tokenizer_threads") != nullptr) {
      throw ConfigError("op." + op.key + ".tokenizer_threads",
                        "is a key of op.tokenize, which encodes texts for all rankers; write it "
                        "there");
    }
  }
}

void check_endpoints(const ServiceSettings& settings, const std::string& where) {
  static const std::regex endpoint(R"([^\s/@,]+:[0-9]{1,5})");
  constexpr std::size_t kLongest = 1000;
  const JsonNode* endpoints = settings.find(where + ".server_endpoints");
  if (endpoints == nullptr || endpoints->items.empty()) {
    throw ConfigError(where + ".server_endpoints",
                      "missing; name host:port of each GeneralModelService");
  }
  for (const JsonNode& one : endpoints->items) {
    if (one.text.size() > kLongest || !std::regex_match(one.text, endpoint)) {
      throw ConfigError(where + ".server_endpoints",
                        "must be host:port like 127.0.0.1:8600, got " + python_repr(one, kShown));
    }
  }
}

bool takes_texts(const ServiceSettings& settings, const std::string& where) {
  return settings.text(where + ".remote_input", "tensors") == "texts";
}

// What does not go with texts that other services tokenize.
void check_texts(const ServiceSettings& settings, const std::string& where) {
  // each title may have its own query, and a request of the tensor service holds twice as many
  constexpr std::int64_t kMostTitles = 32'768;
  if (!takes_texts(settings, where)) {
    return;
  }
  if (settings.whole("scheduler.cache_rows", 0) > 0) {
    throw ConfigError(where + ".remote_input",
                      "texts does not go with scheduler.cache_rows, which keeps scores by rows "
                      "that this service then never has; set that to 0, or hand tensors");
  }
  if (const auto most = settings.whole("limits.max_documents", 1000); most > kMostTitles) {
    throw ConfigError(where + ".remote_input",
                      "texts takes at most " + std::to_string(kMostTitles) +
                          " documents, and limits.max_documents allows " + std::to_string(most) +
                          "; lower that, or hand tensors");
  }
}

void check_ranker(const ServiceSettings& settings, const RankerSettings& ranker) {
  const std::string& where = ranker.where;
  if (ranker.bundles.empty()) {
    throw ConfigError(where + ".local_service_conf.model_config",
                      "missing; name the directory of a bundle");
  }
  const std::string engine = settings.text(where + ".engine", "paddle");
  if (ranker.precision == "auto" && engine != "auto" && engine != "openvino") {
    throw ConfigError(where + ".local_service_conf.precision",
                      "auto needs engine auto or openvino, not " + engine + "; name one");
  }
  if (engine != "remote") {
    if (takes_texts(settings, where)) {
      throw ConfigError(where + ".remote_input",
                        "texts goes with engine remote only, not " + engine + "; leave it out");
    }
    return;
  }
  const JsonNode* more = settings.find(where + ".more_bundles");
  if (more != nullptr && !more->items.empty()) {
    throw ConfigError(where + ".more_bundles",
                      "does not go with engine remote, whose services serve one bundle");
  }
  check_endpoints(settings, where);
}

void check_limits(const ServiceSettings& settings) {
  const std::int64_t body = settings.whole("limits.max_body_bytes", 32 * 1024 * 1024);
  const std::int64_t all = settings.whole("limits.max_body_bytes_in_flight", body);
  if (all < body) {
    throw ConfigError("limits.max_body_bytes_in_flight",
                      "must be at least limits.max_body_bytes (" + std::to_string(body) +
                          "), or the largest request could never be served");
  }
  const std::int64_t documents = settings.whole("limits.max_documents", 1000);
  if (settings.whole("scheduler.max_queue_rows", 10'000) < documents) {
    throw ConfigError("scheduler.max_queue_rows",
                      "must be at least limits.max_documents (" + std::to_string(documents) +
                          "), or the largest request could never be served");
  }
  if (settings.flag("dag.enable_prometheus", false) &&
      settings.whole("dag.tracer.interval_s", -1) < 1) {
    throw ConfigError("dag.tracer.interval_s", "must be at least 1 for enable_prometheus");
  }
}

}  // namespace

void check_http(const ServiceSettings& settings) {
  if (const JsonNode* keys = settings.find("http.api_keys")) {
    for (std::size_t i = 0; i < keys->items.size(); ++i) {
      check_api_key(*keys, i);
    }
  }
  if (const JsonNode* hosts = settings.find("http.allowed_hosts")) {
    check_hosts(*hosts);
  }
  check_tls(settings, "http");
}

std::string_view op_of_ranker(std::string_view ranker) {
  return ranker == "pairwise" ? "ernie" : "rocketqa";
}

void check_together(const ServiceSettings& settings, const std::vector<std::string>& rankers) {
  check_ports(settings);
  check_rankers(settings, rankers);
  check_http(settings);
  check_tls(settings, "rpc");
  check_tracing(settings);
  check_aliases(settings, rankers);
  check_tokenizer_threads(settings);
  for (const RankerSettings& ranker : settings.rankers) {
    check_ranker(settings, ranker);
  }
  for (const RankerSettings& ranker : settings.rankers) {
    check_texts(settings, ranker.where);
  }
  check_limits(settings);
}

}  // namespace tensor_service
