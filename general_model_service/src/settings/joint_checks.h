// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// Checks of config_nlp.yml that need more than one key, as pipeline/settings/service.py makes them.

#pragma once

#include "settings/service_settings.h"

namespace tensor_service {

// The name of a ranker's op: ernie or rocketqa.
std::string_view op_of_ranker(std::string_view ranker);

// Of the section http: what needs more than one key. Throws ConfigError.
void check_http(const ServiceSettings& settings);

// Of the whole file. Throws ConfigError.
void check_together(const ServiceSettings& settings, const std::vector<std::string>& rankers);

}  // namespace tensor_service
