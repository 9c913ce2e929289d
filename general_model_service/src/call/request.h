// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A request and its answer as tensors: what a codec reads and writes, and what a job is made of.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace tensor_service {

enum class Format { kJson, kProto };

struct InferenceRequest {
  std::vector<Tensor> tensors;
  std::vector<std::string> fetch_names;  // aliases or names; empty means all
  bool profile = false;
  std::uint64_t log_id = 0;
};

struct InferenceReply {
  std::vector<Tensor> outputs;
  std::string engine_name;
  std::vector<std::int64_t> profile_times;  // microseconds since the epoch, see README-dev.md
  bool profile = false;
  std::uint64_t log_id = 0;
};

}  // namespace tensor_service
