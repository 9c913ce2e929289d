# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Estimates a quantile of latencies and its variance, when requests come in units.

The share of requests at or below a quantile q is a ratio of sums over units, so the delta method
gives its standard error s. The quantiles at p - s and p + s then are one standard error below and
above q (A. Deng, U. Knoblich, J. Lu, KDD 2018, section 4.2: the "outer" interval).
"""

from __future__ import annotations

import numpy as np

from experiments.statistics.delta_method import Estimate, FloatArray, IntArray, ratio, sums_by_unit

_Z = 1.959964


def quantile(values: FloatArray, units: IntArray, count: int, p: float) -> Estimate:
    """The ``p``-quantile of values, each of one of ``count`` units; ``nan`` without values."""
    if not len(values):
        return Estimate(float("nan"), float("nan"), 0.0)
    ordered = np.sort(values)
    value = float(_at(ordered, p))
    below = sums_by_unit(units, values <= value, count)
    share = ratio(below, sums_by_unit(units, np.ones(len(values)), count))
    width = _Z * float(np.sqrt(share.variance))
    spread = (_at(ordered, p + width) - _at(ordered, p - width)) / (2.0 * _Z)
    return Estimate(value, float(np.square(spread)), share.units)


def _at(ordered: FloatArray, p: float) -> float:
    """The smallest value that a share ``p`` of all do not exceed."""
    if np.isnan(p):
        return float("nan")
    place = int(np.ceil(p * len(ordered) - 1e-9)) - 1
    return float(ordered[min(max(place, 0), len(ordered) - 1)])
