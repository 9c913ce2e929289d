# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Latencies and their units in, quantiles with variances and a histogram out.

The variance of a quantile q of requests that come in units: the share of requests at or below q is
a ratio of sums over units, so the delta method gives its standard error s; the quantiles at p - s
and p + s then are one standard error below and above q (A. Deng, U. Knoblich, J. Lu, KDD 2018,
section 4.2: the "outer" interval). Called by ``experiments.compare``.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from experiments.analysis import Histogram
from experiments.ratio import Estimate, FloatArray, IntArray, ratio, sums_by_unit

_Z = 1.959964
_BINS = 36


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


def histograms(values: Mapping[str, FloatArray], *, logarithmic: bool) -> list[Histogram]:
    """Shares of each list of values, between the same edges."""
    kept = {name: list_[np.isfinite(list_)] for name, list_ in values.items()}
    everything = np.concatenate([*kept.values(), np.zeros(0)])
    if logarithmic:
        everything = everything[everything > 0]
    if not len(everything):
        return []
    low, high = (float(v) for v in np.quantile(everything, [0.0, 0.999 if logarithmic else 1.0]))
    if high <= low:
        high = low + (abs(low) or 1.0)
    space = np.geomspace if logarithmic else np.linspace
    edges = space(low, high, _BINS + 1)
    return [
        Histogram(
            name,
            [float(edge) for edge in edges],
            [float(n) / max(len(list_), 1) for n in np.histogram(list_, edges)[0]],
        )
        for name, list_ in kept.items()
    ]
