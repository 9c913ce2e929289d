// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The header fields that tell who calls and from where. Used by http_exchange.cc.

#pragma once

#include <string_view>

#include "call/head.h"

namespace tensor_service {

// Keeps a field if it is one of these; its name is in any case.
void keep_door_field(DoorFields& fields, std::string_view name, std::string_view value);

}  // namespace tensor_service
