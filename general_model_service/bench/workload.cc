// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "workload.h"

#include <stdexcept>

#include "baidu_rpc_meta.pb.h"
#include "general_model_service.pb.h"

namespace tensor_service::bench {
namespace {

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

std::string http(const std::string& type, const std::string& body) {
  return "POST /GeneralModelService/inference HTTP/1.1\r\nHost: bench\r\nContent-Type: " + type +
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
    return http("application/proto", proto_body(workload));
  }
  if (protocol == "json") {
    return http("application/json", json_body(workload));
  }
  if (protocol == "baidu_std") {
    return baidu_std(proto_body(workload));
  }
  throw std::invalid_argument("--protocol " + protocol + ": take proto, json or baidu_std");
}

}  // namespace tensor_service::bench
