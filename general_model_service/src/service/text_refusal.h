// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Calls with texts that the connection refuses, in the words and the shape of their path: the
// protocols ask this by ProtocolLimits::refusal.

#pragma once

#include <optional>

#include "call/call.h"
#include "report/error.h"

namespace tensor_service {

// For a path of texts, and an error of size, of room or of a stopping service; nothing else.
std::optional<Reply> text_refusal(const RefusedCall& call, const CallError& error);

}  // namespace tensor_service
