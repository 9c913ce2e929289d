# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Simulates thousands of experiments of one design, as sums by unit at the end of each day.

Units come back: each has its own readiness to click, and sends a random number of requests on each
day from the one it was first seen on.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy import special

from experiments.statistics.delta_method import FloatArray, IntArray


@dataclass(frozen=True)
class Design:
    """What is simulated.

    Attributes:
        units: of each variant at the end.
        days: on each of which one looks.
        rate: share of requests with a click, over all units.
        spread: of units' own rates: they are Beta distributed, their variance is
            ``spread * rate * (1 - rate)``.
        requests: of a unit on a day, at the mean (Poisson, at least one on its first day).
        lift: of the treated variant's rate, absolute.
        all_at_once: every unit is there on the first day, instead of a like number each day.
    """

    units: int = 1000
    days: int = 14
    rate: float = 0.3
    spread: float = 0.1
    requests: float = 1.0
    lift: float = 0.0
    all_at_once: bool = False


class Sums(NamedTuple):
    """Clicked requests and requests of each unit so far; axes: experiment, unit."""

    clicks: FloatArray
    requests: FloatArray


def simulated_days(
    design: Design, experiments: int, random: np.random.Generator
) -> Iterator[tuple[Sums, Sums]]:
    """Sums of the treated variant and of the control at the end of each day.

    Args:
        design: of every experiment.
        experiments: how many are simulated at once.
        random: draws everything.
    """
    sides = [_Side(design, rate, experiments, random) for rate in (design.lift, 0.0)]
    for day in range(design.days):
        for side in sides:
            side.live(day)
        yield sides[0].sums, sides[1].sums


class _Side:
    """One variant of every experiment."""

    def __init__(
        self, design: Design, lift: float, experiments: int, random: np.random.Generator
    ) -> None:
        self._design, self._random = design, random
        shape = (experiments, design.units)
        rate, weight = design.rate + lift, 1.0 / design.spread - 1.0
        self._rates = random.beta(rate * weight, (1.0 - rate) * weight, shape)
        self._arrivals = _arrivals(design)
        self.sums = Sums(np.zeros(shape), np.zeros(shape))

    def live(self, day: int) -> None:
        """Send the requests of a day."""
        here = self._arrivals <= day
        requests = self._random.poisson(self._design.requests, self._rates.shape) * here
        requests = np.maximum(requests, self._arrivals == day)
        clicks = self._random.binomial(requests, self._rates)
        self.sums = Sums(self.sums.clicks + clicks, self.sums.requests + requests)


def standard_error(design: Design) -> float:
    """Of the difference at the last look, worked out from the design alone.

    With N requests of a unit and its rate of variance s r (1 - r) over units,
    var(clicks - r N) = r (1 - r) ((1 - s) E[N] + s E[N^2]).
    """
    mean, square = _moments(design)
    variance = 0.0
    for rate in (design.rate + design.lift, design.rate):
        of_unit = rate * (1.0 - rate) * ((1.0 - design.spread) * mean + design.spread * square)
        variance += of_unit / (design.units * mean**2)
    return math.sqrt(variance)


def detectable(design: Design, power: float, alpha: float) -> float:
    """The lift that one look at the end finds with this power."""
    z = float(special.ndtri(1.0 - alpha / 2.0) + special.ndtri(power))
    lift = 0.0
    for _ in range(20):
        lift = z * standard_error(replace(design, lift=lift))
    return lift


def _arrivals(design: Design) -> IntArray:
    """The day on which each unit is first seen."""
    days = np.arange(design.units) * design.days // design.units
    return np.zeros_like(days) if design.all_at_once else days


def _moments(design: Design) -> tuple[float, float]:
    """Mean and mean square of a unit's number of requests: max(1, Poisson) and later Poisson."""
    first, none = design.requests, math.exp(-design.requests)
    later = design.requests * (design.days - 1 - _arrivals(design))
    mean = first + none + later
    variance = first + first**2 + none - (first + none) ** 2 + later
    return float(mean.mean()), float((variance + mean**2).mean())
