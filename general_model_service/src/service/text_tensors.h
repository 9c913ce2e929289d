// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A request of GeneralModelService that feeds texts in place of rows of tokens: `query` and `title`
// as tensors of strings. What it fetches are the graph's own outputs, and `rows`, which tells what
// became of the texts. Called by service.cc; the Pipeline's remote engine sends such requests.

#pragma once

#include <cstddef>
#include <optional>

#include "call/request.h"
#include "model/model.h"
#include "ranking/values.h"
#include "tensor/tensor.h"

namespace tensor_service {

// Whether a tensor of the request is called as texts are, and no input of the bundle is.
bool feeds_texts(const InferenceRequest& request, const Model& model);

// Puts rows of tokens in the place of texts. Returns what `rows` answers where it was fetched: of
// each row its pair, its length in tokens, where its title begins, the tokens of its query and how
// many it kept, those of its title, and whether tokens of the title were cut; int64 [rows, 7].
// Throws CallError naming the tensor.
std::optional<Tensor> encode_texts(InferenceRequest& request, const Model& model,
                                   const TextLimits& limits);

}  // namespace tensor_service
