// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The key exposures of config_nlp.yml, of a file that settings has checked.

#pragma once

#include "json/json_node.h"
#include "records/record_log.h"

namespace tensor_service {

// Null for a key that is not there.
ExposuresConfig read_exposures(const JsonNode* node);

}  // namespace tensor_service
