// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The client's side of baidu_std, written by hand: requests to send, answers to read. Used by the
// tests of baidu_std.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "baidu_rpc_meta.pb.h"

namespace tensor_service {

inline constexpr std::string_view kBaiduService =
    "baidu.paddle_serving.predictor.general_model.GeneralModelService";

inline std::string baidu_number(std::size_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}

inline std::string baidu_framed(const std::string& meta, const std::string& rest) {
  return "PRPC" + baidu_number(meta.size() + rest.size()) + baidu_number(meta.size()) + meta + rest;
}

inline baidu_std::RpcMeta baidu_request_meta(std::int64_t correlation_id) {
  baidu_std::RpcMeta meta;
  meta.mutable_request()->set_service_name(std::string(kBaiduService));
  meta.mutable_request()->set_method_name("inference");
  meta.set_correlation_id(correlation_id);
  return meta;
}

inline std::string baidu_request(std::int64_t correlation_id, const std::string& payload) {
  return baidu_framed(baidu_request_meta(correlation_id).SerializeAsString(), payload);
}

struct BaiduAnswer {
  baidu_std::RpcMeta meta;
  std::string payload;
};

// Reads the answers in order; an empty list when the bytes are anything else.
inline std::vector<BaiduAnswer> baidu_answers(std::string_view bytes) {
  const auto size = [](std::string_view text) {
    std::size_t value = 0;
    for (const char byte : text.substr(0, 4)) {
      value = value * 256 + static_cast<unsigned char>(byte);
    }
    return value;
  };
  std::vector<BaiduAnswer> all;
  while (!bytes.empty()) {
    if (bytes.size() < 12 || !bytes.starts_with("PRPC")) {
      return {};
    }
    const std::size_t body = size(bytes.substr(4));
    const std::size_t meta = size(bytes.substr(8));
    BaiduAnswer answer;
    if (bytes.size() < 12 + body || meta > body ||
        !answer.meta.ParseFromString(std::string(bytes.substr(12, meta)))) {
      return {};
    }
    answer.payload = bytes.substr(12 + meta, body - meta);
    all.push_back(std::move(answer));
    bytes.remove_prefix(12 + body);
  }
  return all;
}

}  // namespace tensor_service
