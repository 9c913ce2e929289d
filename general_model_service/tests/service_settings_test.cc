// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// config_nlp.yml as the Pipeline takes it: files and what became of them there, of which
// tests/pipeline/settings/recorded.jsonl is the list, and what this service does not carry.

#include "settings/service_settings.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

#include "json/json_node.h"
#include "settings/close_match.h"

namespace tensor_service {
namespace {

constexpr const char* kBase =
    "rpc_port: 8089, op: {ernie: {local_service_conf: {model_config: m}}}";
constexpr const char* kServed =
    "{rpc_port: 8089, op: {ernie: {engine: auto, local_service_conf: {model_config: m}}}";

std::string no_ranker(const std::filesystem::path&) { return ""; }

ServiceSettings parsed(const std::string& text) {
  return parse_service_settings(text, "config_nlp.yml", no_ranker);
}

// What is wrong with it, or "taken".
std::string verdict(const std::string& text) {
  try {
    parsed(text);
    return "taken";
  } catch (const ConfigError& error) {
    return error.what();
  }
}

// The same of what this service carries.
std::string carried(const std::string& text) {
  try {
    ServiceSettings settings = parsed(text);
    refuse_uncarried(settings);
    return "taken";
  } catch (const ConfigError& error) {
    return error.what();
  }
}

std::string whole(std::string text) {
  if (const std::size_t place = text.find("{..."); place != std::string::npos) {
    text.replace(place, 4, std::string("{") + kBase);
  }
  return text;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

// Another parser's words, and an alias that stands in itself, which PyYAML follows.
constexpr const char* kOtherWords[] = {"rpc_port: [", "dag: &a {tracer: *a}"};

TEST(ServiceSettings, TakesAndRefusesWhatThePipelineDoes) {
  std::ifstream lines(REPOSITORY "/tests/pipeline/settings/recorded.jsonl");
  std::string line;
  int files = 0;
  while (std::getline(lines, line)) {
    const JsonNode recorded = read_json(line);
    const std::string text = whole(recorded.items[0].text);
    const JsonNode& outcome = recorded.items[1];
    // a key that is a number is shown as one by Python, and as a text here
    const std::string expected =
        outcome.is_string() ? replaced(outcome.text, "{1: 2}", "{'1': 2}") : "taken";
    ++files;
    if (std::find(std::begin(kOtherWords), std::end(kOtherWords), text) != std::end(kOtherWords)) {
      EXPECT_TRUE(verdict(text).starts_with("config_nlp.yml: not yaml (")) << verdict(text);
      continue;
    }
    EXPECT_EQ(verdict(text), expected) << text;
  }
  EXPECT_EQ(files, 549);
}

TEST(ServiceSettings, NotesWhatThePipelineNotes) {
  std::ifstream lines(REPOSITORY "/tests/pipeline/settings/recorded.jsonl");
  std::string line;
  int noted = 0;
  while (std::getline(lines, line)) {
    const JsonNode recorded = read_json(line);
    const JsonNode* notes = recorded.items[1].find("notes");
    // what upstream means by a remote op is refused here by name
    if (notes == nullptr || recorded.items[0].text.find("server_endpoints") != std::string::npos) {
      continue;
    }
    const ServiceSettings settings = parsed(whole(recorded.items[0].text));
    ASSERT_EQ(settings.notes.size(), notes->items.size()) << line;
    for (std::size_t i = 0; i < notes->items.size(); ++i) {
      EXPECT_EQ(settings.notes[i], notes->items[i].text);
    }
    ++noted;
  }
  EXPECT_GT(noted, 10);
}

TEST(ServiceSettings, ReadsTheShippedFile) {
  ServiceSettings settings = read_service_settings(REPOSITORY "/config_nlp.yml", no_ranker);
  refuse_uncarried(settings);
  EXPECT_EQ(settings.http_port, 8088);
  EXPECT_EQ(settings.rpc_port, 8089);
  ASSERT_EQ(settings.rankers.size(), 2U);
  EXPECT_EQ(settings.rankers[0].ranker, "pairwise");
  EXPECT_EQ(settings.rankers[1].ranker, "cross_encoder");
  EXPECT_EQ(settings.rankers[0].precision, "auto");
  EXPECT_TRUE(settings.rankers[0].bundles[0].path.string().ends_with(
      "serving_models/pairwise/serving_server"));
  EXPECT_EQ(settings.whole("scheduler.max_batch_tokens", 0), 1024);
  EXPECT_EQ(settings.drain_timeout.count(), 8000);
  EXPECT_EQ(settings.notes.front(),
            "worker_num: requests are read by the threads of the event loop");
}

TEST(ServiceSettings, PutsTheDefaultRankerFirst) {
  const ServiceSettings settings = parse_service_settings(
      "{http_port: 8088, default_ranker: cross_encoder, op: {ernie: {local_service_conf: "
      "{model_config: m}, more_bundles: [n, o]}, rocketqa: {local_service_conf: {model_config: "
      "../c}}}, model_aliases: {best: pairwise}, drain_timeout_s: 0.5}",
      "/nowhere/config_nlp.yml", no_ranker);
  EXPECT_EQ(settings.rankers[0].ranker, "cross_encoder");
  EXPECT_EQ(settings.rankers[0].bundles[0].path, "/c");
  EXPECT_EQ(settings.rankers[1].bundles[2].key, "op.ernie.more_bundles[1]");
  EXPECT_EQ(settings.rankers[1].bundles[2].path, "/nowhere/o");
  EXPECT_EQ(settings.model_aliases[0], (std::pair<std::string, std::string>("best", "pairwise")));
  EXPECT_EQ(settings.drain_timeout.count(), 500);
}

// Upstream's two services have one op each, and both call it ernie.
TEST(ServiceSettings, TheBundleOfTheOnlyOpSaysWhoRanks) {
  const ServiceSettings settings = parse_service_settings(
      "{http_port: 8088, op: {ernie: {local_service_conf: {model_config: "
      "m}}}}",
      "/nowhere/config_nlp.yml", [](const std::filesystem::path&) { return "cross_encoder"; });
  EXPECT_EQ(settings.rankers[0].ranker, "cross_encoder");
  EXPECT_EQ(settings.rankers[0].where, "op.ernie");
  EXPECT_EQ(settings.service_names[0].second, "cross_encoder");
}

struct Refused {
  const char* rest;  // behind a file that is served
  const char* field;
};

TEST(ServiceSettings, RefusesByNameWhatItDoesNotCarry) {
  EXPECT_EQ(carried(std::string(kServed) + "}"), "taken");
  for (const Refused& one : {
           Refused{"dag: {is_thread_op: false}", "dag.is_thread_op"},
           Refused{"dag: {enable_prometheus: true, tracer: {interval_s: 5}}",
                   "dag.enable_prometheus"},
           Refused{"tracing: {endpoint: 'http://127.0.0.1:4318'}", "tracing.endpoint"},
           Refused{"scheduler: {max_queue_ms: 5}", "scheduler.max_queue_ms"},
       }) {
    const std::string text = std::string(kServed) + ", " + one.rest + "}";
    EXPECT_EQ(verdict(text), "taken") << text;
    EXPECT_TRUE(carried(text).starts_with(std::string(one.field) + ": ")) << carried(text);
  }
  for (const Refused& one : {
           Refused{"engine: paddle", "engine"},
           Refused{"concurrency: 1", "engine"},
           Refused{"engine: auto, timeout: 100", "timeout"},
           Refused{"engine: auto, local_service_conf: {model_config: m, device_type: 1}",
                   "local_service_conf.device_type"},
           Refused{"engine: auto, local_service_conf: {model_config: m, devices: '0'}",
                   "local_service_conf.devices"},
           Refused{"engine: auto, local_service_conf: {model_config: m, precision: fp16}",
                   "local_service_conf.precision"},
       }) {
    std::string op(one.rest);
    op += op.find("local_service_conf") == std::string::npos
              ? ", local_service_conf: {model_config: m}"
              : "";
    const std::string text = "{rpc_port: 8089, op: {ernie: {" + op + "}}}";
    EXPECT_EQ(verdict(text), "taken") << text;
    EXPECT_TRUE(carried(text).starts_with("op.ernie." + std::string(one.field) + ": "))
        << carried(text);
  }
}

// Python's numbers have no largest one.
TEST(ServiceSettings, NumbersBeyond64BitsAreTaken) {
  const std::string huge = "1" + std::string(40, '0');
  EXPECT_EQ(
      verdict("{rpc_port: 8089, op: {ernie: {local_service_conf: {model_config: m}}}, limits: "
              "{max_documents: 5, max_body_bytes: " +
              huge + ", max_tokens: " + huge + "}}"),
      "taken");
  EXPECT_TRUE(carried(std::string(kServed) + ", limits: {max_body_bytes: " + huge + "}}")
                  .starts_with("limits.max_body_bytes: is 2147483647 at most"));
  EXPECT_EQ(carried(std::string(kServed) + ", limits: {max_body_bytes_in_flight: " + huge + "}}"),
            "taken");
  EXPECT_TRUE(verdict("{rpc_port: " + huge + "}").starts_with("rpc_port: must be a whole number"));
}

TEST(ServiceSettings, AFileThatIsNotThereIsNamed) {
  try {
    read_service_settings("/nowhere/at/all.yml", no_ranker);
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(),
                 "/nowhere/at/all.yml: cannot read it (No such file or directory); name a file "
                 "with --config");
  }
  EXPECT_NE(verdict("{a: 1").find(": not yaml (while parsing a flow mapping in "),
            std::string::npos);
}

TEST(CloseMatch, IsDifflibs) {
  // get_close_matches(wrong, names, n=1) of Python 3.12
  const std::vector<std::string_view> names{"rpc_port", "http_port", "rpc_host",
                                            "log_dir",  "abcd",      "abdc"};
  EXPECT_EQ(close_match("rpc_prot", names), "rpc_port");
  EXPECT_EQ(close_match("htp_port", names), "http_port");
  EXPECT_EQ(close_match("abc", names), "abdc");
  EXPECT_EQ(close_match("paint", names), "");
  EXPECT_EQ(close_match("", names), "");
  EXPECT_EQ(close_match(std::string(100'000, 'r'), names), "");
}

}  // namespace
}  // namespace tensor_service
