# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The version of this software, as it is shown to callers and operators."""

from __future__ import annotations

import importlib.metadata

try:
    VERSION = importlib.metadata.version("ranking-stack")
except importlib.metadata.PackageNotFoundError:
    # run from a checkout
    VERSION = "0.1.0"
