# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Names of what ranks, as bundles, requests and answers write them."""

from __future__ import annotations

PAIRWISE = "pairwise"
CROSS_ENCODER = "cross_encoder"
# those that have bundles
RANKERS = (PAIRWISE, CROSS_ENCODER)
# a chain of stages: each is one of the rankers, and the first may be BM25
CASCADE = "cascade"
BM25 = "bm25"
