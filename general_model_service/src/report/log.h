// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// One line of what happened, with the time, on stderr. Requests are not logged; /metrics counts
// them.

#pragma once

#include <string>

namespace tensor_service {

void log_line(const std::string& text);

}  // namespace tensor_service
