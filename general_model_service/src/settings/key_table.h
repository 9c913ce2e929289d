// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The keys of config_nlp.yml, as the dataclasses of pipeline/settings/ have them, in their order.

#pragma once

#include "settings/key_rules.h"

namespace tensor_service {

// Of the whole file.
const SectionRule& service_keys();

}  // namespace tensor_service
