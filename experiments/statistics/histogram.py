# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Histograms of several lists of values between the same edges, to draw side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from experiments.statistics.delta_method import FloatArray

_BINS = 36


@dataclass(frozen=True)
class Histogram:
    """Shares of values between edges; there is one edge more than shares."""

    name: str
    edges: Sequence[float]
    shares: Sequence[float]


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
