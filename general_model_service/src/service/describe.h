// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// What the service says of itself at GET / : the bundle, its inputs and its outputs, as JSON.

#pragma once

#include <string>

#include "model/model.h"

namespace tensor_service {

std::string describe(const Model& model);

}  // namespace tensor_service
