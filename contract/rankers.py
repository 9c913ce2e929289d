# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Names of the two rankers, as bundles, requests and answers write them."""

from __future__ import annotations

PAIRWISE = "pairwise"
CROSS_ENCODER = "cross_encoder"
RANKERS = (PAIRWISE, CROSS_ENCODER)
