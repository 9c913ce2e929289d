// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Floats in, the bits of the 16-bit formats out, rounded to nearest even. Called by
// tensor_fields.cc for float_data of tensors whose element type has no field of its own.

#pragma once

#include <cstdint>

namespace tensor_service {

// IEEE 754 binary16. A finite value of 65520 or more becomes infinity; NaN stays NaN.
std::uint16_t fp16_bits(float value);

// bfloat16. A finite value that rounds beyond its largest becomes infinity; NaN stays NaN.
std::uint16_t bf16_bits(float value);

}  // namespace tensor_service
