// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The request every mode sends: rows of the same random ids, so that engine and service compute the
// same.

#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace tensor_service::bench {

struct Workload {
  int rows = 1;
  int tokens = 32;
  int vocabulary = 5000;

  std::vector<std::int64_t> ids() const {
    std::mt19937 random(7);
    std::uniform_int_distribution<std::int64_t> any(5, vocabulary - 1);
    std::vector<std::int64_t> values(static_cast<std::size_t>(rows * tokens));
    for (auto& value : values) {
      value = any(random);
    }
    return values;
  }

  // The query's half of each row is of type 0, the title's of type 1.
  std::vector<std::int64_t> types() const {
    std::vector<std::int64_t> values(static_cast<std::size_t>(rows * tokens));
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = static_cast<int>(i) % tokens < tokens / 2 ? 0 : 1;
    }
    return values;
  }
};

// A whole request as bytes: tensors over HTTP as protobuf or JSON or over baidu_std, or texts whose
// rows have as many tokens (POST /rerank).
std::string request_bytes(const Workload& workload, const std::string& protocol);

// Requests of 1 to workload.rows rows, each of 8 to workload.tokens tokens.
std::vector<std::string> mixed_requests(const Workload& workload, const std::string& protocol);

}  // namespace tensor_service::bench
