// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// A model whose inputs are matched in, the bounds of their values and rows out: of the bundle's
// vocabulary and of the graph's embedding tables, whichever is less. An engine reads outside a
// table without a word, so what lies there has to be refused before. Called by load_model.

#pragma once

#include "model/model.h"

namespace tensor_service {

// Logs what the graph does not tell. Throws BundleError for a vocabulary larger than its table.
void find_bounds(Model& model);

}  // namespace tensor_service
