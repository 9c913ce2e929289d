// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Rows of tokens as the tensors that a ranker's graph takes, and what it returns for them. Called
// by text_service.cc.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "call/request.h"
#include "ranking/encoded_request.h"
#include "tensor/tensor.h"

namespace tensor_service {

inline constexpr std::string_view kIdsAlias = "input_ids";
inline constexpr std::string_view kTypesAlias = "token_type_ids";

// Takes the ids; fetch is what is wanted of the graph.
InferenceRequest inference_request(EncodedRows& encoded, const std::string& fetch);

// What the rows take, as encoded and as those tensors.
std::size_t job_bytes(const EncodedRows& encoded);

// Of a tensor of fp32.
std::vector<float> floats_of(const Tensor& tensor);

}  // namespace tensor_service
