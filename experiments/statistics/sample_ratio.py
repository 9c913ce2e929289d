# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Tests whether units were split between the variants as configured (Pearson's chi-square)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import special

# a p-value below it alarms; a healthy experiment is looked at many times
SRM_P = 0.001


def mismatch_p(observed: Sequence[float], shares: Sequence[float]) -> float:
    """p-value of Pearson's chi-square: units of each variant, and the shares they should have."""
    counts, expected = np.asarray(observed, float), np.asarray(shares) * sum(observed)
    if counts[expected == 0].any():
        return 0.0
    counts, expected = counts[expected > 0], expected[expected > 0]
    if len(counts) < 2:
        return 1.0
    statistic = float((np.square(counts - expected) / expected).sum())
    return float(special.chdtrc(len(counts) - 1, statistic))
