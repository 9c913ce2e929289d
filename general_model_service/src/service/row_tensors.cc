// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0

#include "service/row_tensors.h"

#include <cstring>
#include <utility>

namespace tensor_service {
namespace {

// Rows one behind the other; where each begins is told by lod, so that none is padded here.
Tensor ragged(std::string_view alias, std::string&& data, const std::vector<std::int64_t>& lod) {
  Tensor tensor;
  tensor.alias = alias;
  tensor.type = ElemType::kInt64;
  tensor.shape = {lod.back()};
  tensor.lod = lod;
  tensor.data = std::move(data);
  return tensor;
}

}  // namespace

InferenceRequest inference_request(EncodedRows& encoded, const std::string& fetch) {
  std::vector<std::int64_t> lod{0};
  std::string types(encoded.ids.size() * sizeof(std::int64_t), '\0');
  const std::int64_t second = 1;
  for (const EncodedRow& row : encoded.rows) {
    for (std::size_t i = row.title_begin; i < row.length; ++i) {
      std::memcpy(types.data() + (row.begin + i) * sizeof second, &second, sizeof second);
    }
    lod.push_back(static_cast<std::int64_t>(row.begin + row.length));
  }
  std::string ids(reinterpret_cast<const char*>(encoded.ids.data()),
                  encoded.ids.size() * sizeof(std::int64_t));
  encoded.ids = {};
  InferenceRequest request;
  request.tensors.push_back(ragged(kIdsAlias, std::move(ids), lod));
  request.tensors.push_back(ragged(kTypesAlias, std::move(types), lod));
  request.fetch_names.push_back(fetch);
  return request;
}

std::size_t job_bytes(const EncodedRows& encoded) {
  return encoded.ids.size() * 2 * sizeof(std::int64_t) +
         encoded.rows.size() * 2 * sizeof(EncodedRow);
}

std::vector<float> floats_of(const Tensor& tensor) {
  std::vector<float> values(tensor.data.size() / sizeof(float));
  if (!values.empty()) {
    std::memcpy(values.data(), tensor.data.data(), values.size() * sizeof(float));
  }
  return values;
}

}  // namespace tensor_service
