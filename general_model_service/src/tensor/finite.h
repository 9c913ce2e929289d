// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Elements of a tensor in, whether all of them are numbers out. Called for each row that is
// computed.

#pragma once

#include <string_view>

#include "tensor/tensor.h"

namespace tensor_service {

// False when one is NaN or infinite; types without such values have none.
bool all_finite(ElemType type, std::string_view elements);

}  // namespace tensor_service
