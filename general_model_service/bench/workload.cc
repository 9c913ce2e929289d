// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "workload.h"

#include <algorithm>
#include <random>
#include <stdexcept>

#include "baidu_rpc_meta.pb.h"
#include "general_model_service.pb.h"

namespace tensor_service::bench {
namespace {

constexpr const char* kInference = "/GeneralModelService/inference";

namespace wire = baidu::paddle_serving::predictor::general_model;

std::string proto_body(const Workload& workload) {
  wire::Request request;
  const auto add = [&](const char* name, const std::vector<std::int64_t>& values) {
    wire::Tensor* tensor = request.add_tensor();
    tensor->set_alias_name(name);
    tensor->set_name(name);
    tensor->add_shape(workload.rows);
    tensor->add_shape(workload.tokens);
    for (const std::int64_t value : values) {
      tensor->add_int64_data(value);
    }
  };
  add("input_ids", workload.ids());
  add("token_type_ids", workload.types());
  request.add_fetch_var_names("predict");
  return request.SerializeAsString();
}

std::string json_body(const Workload& workload) {
  const auto tensor = [&](const std::string& name, const std::vector<std::int64_t>& values) {
    std::string text = "{\"int64_data\":[";
    for (std::size_t i = 0; i < values.size(); ++i) {
      text += (i == 0 ? "" : ",") + std::to_string(values[i]);
    }
    return text + "],\"elem_type\":0,\"name\":\"" + name + "\",\"alias_name\":\"" + name +
           "\",\"shape\":[" + std::to_string(workload.rows) + "," +
           std::to_string(workload.tokens) + "]}";
  };
  return "{\"tensor\":[" + tensor("input_ids", workload.ids()) + "," +
         tensor("token_type_ids", workload.types()) + "],\"fetch_var_names\":[\"predict\"]}";
}

// Chinese characters, each of which is a token.
std::string characters(int count, std::mt19937& random) {
  std::uniform_int_distribution<int> any(0x4E00, 0x9FA5);
  std::string text;
  for (int i = 0; i < count; ++i) {
    const int character = any(random);
    text += static_cast<char>(0xE0 | character >> 12);
    text += static_cast<char>(0x80 | (character >> 6 & 0x3F));
    text += static_cast<char>(0x80 | (character & 0x3F));
  }
  return text;
}

// A row is [CLS] query [SEP] document [SEP].
std::string rerank_body(const Workload& workload) {
  constexpr int kMarks = 3;
  std::mt19937 random(7);
  const int texts = std::max(2, workload.tokens - kMarks);
  const int query = std::min(texts / 2, 16);
  std::string body = "{\"query\":\"" + characters(query, random) + "\",\"documents\":[";
  for (int i = 0; i < workload.rows; ++i) {
    body += (i == 0 ? "\"" : ",\"") + characters(texts - query, random) + "\"";
  }
  return body + "]}";
}

std::string http(const std::string& path, const std::string& type, const std::string& body) {
  return "POST " + path + " HTTP/1.1\r\nHost: bench\r\nContent-Type: " + type +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string baidu_std(const std::string& body) {
  baidu_std::RpcMeta meta;
  meta.mutable_request()->set_service_name(
      "baidu.paddle_serving.predictor.general_model.GeneralModelService");
  meta.mutable_request()->set_method_name("inference");
  meta.set_correlation_id(1);
  const std::string head = meta.SerializeAsString();
  std::string bytes = "PRPC";
  for (const std::size_t size : {head.size() + body.size(), head.size()}) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      bytes += static_cast<char>((size >> static_cast<unsigned>(shift)) & 0xFFU);
    }
  }
  return bytes + head + body;
}

}  // namespace

std::string request_bytes(const Workload& workload, const std::string& protocol) {
  if (protocol == "proto") {
    return http(kInference, "application/proto", proto_body(workload));
  }
  if (protocol == "json") {
    return http(kInference, "application/json", json_body(workload));
  }
  if (protocol == "rerank") {
    return http("/rerank", "application/json", rerank_body(workload));
  }
  if (protocol == "baidu_std") {
    return baidu_std(proto_body(workload));
  }
  throw std::invalid_argument("--protocol " + protocol + ": take proto, json, baidu_std or rerank");
}

std::vector<std::string> mixed_requests(const Workload& workload, const std::string& protocol) {
  constexpr int kKinds = 64;
  constexpr int kShortest = 8;
  std::mt19937 random(5);
  std::uniform_int_distribution<int> rows(1, workload.rows);
  std::uniform_int_distribution<int> tokens(kShortest, std::max(kShortest, workload.tokens));
  std::vector<std::string> requests;
  for (int i = 0; i < kKinds; ++i) {
    Workload one = workload;
    one.rows = rows(random);
    one.tokens = tokens(random);
    requests.push_back(request_bytes(one, protocol));
  }
  return requests;
}

}  // namespace tensor_service::bench
