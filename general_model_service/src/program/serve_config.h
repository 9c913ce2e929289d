// SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
// SPDX-License-Identifier: Apache-2.0
//
// The program by config_nlp.yml: all its rankers in one process, a drop-in for
// python -m pipeline.web_service.

#pragma once

#include "program/options.h"

namespace tensor_service {

// Serves until SIGTERM; returns the exit status. Throws what the start fails with.
int serve_config(const Options& flags);

}  // namespace tensor_service
