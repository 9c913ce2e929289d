# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Compares variants with the control, metric by metric, with both kinds of interval."""

from __future__ import annotations

import math
from typing import Optional

import numpy as np
from numpy.typing import NDArray

from experiments.analysis.findings import Difference
from experiments.records.request_arrays import Requests
from experiments.settings.report_settings import BOOTSTRAP, Settings
from experiments.statistics import intervals
from experiments.statistics.bootstrap import bootstrapped, resampled_ratios
from experiments.statistics.delta_method import (
    Estimate,
    FloatArray,
    difference,
    ratio,
    sums_by_unit,
)
from experiments.statistics.intervals import Interval
from experiments.statistics.quantiles import quantile


class Comparer:
    """Compares variants of the same requests, each by its number in ``requests.variants``."""

    def __init__(
        self, requests: Requests, chosen: NDArray[np.bool_], settings: Settings, comparisons: int
    ) -> None:
        """Bind the data.

        Args:
            requests: of all variants.
            chosen: those that count; units that crossed do not.
            settings: alpha, tuning, kind of interval.
            comparisons: with the control; each gets its part of alpha (Bonferroni).
        """
        self._requests = requests
        self._rows = [
            np.flatnonzero(chosen & (requests.variant == i)) for i in range(len(requests.variants))
        ]
        self._settings = settings
        self._alpha = settings.alpha / max(comparisons, 1)

    def mean(self, values: FloatArray, variant: int, until: float = math.inf) -> Estimate:
        """Mean over requests, ``nan`` ones left out, of those before a time."""
        return ratio(*self._sums(values, variant, until))

    def difference(
        self,
        name: str,
        values: FloatArray,
        variant: int,
        control: int,
        limit: Optional[float] = None,
    ) -> Difference:
        """The difference of the mean of a value per request.

        Args:
            name: of the metric.
            values: of each request, ``nan`` where it has none.
            variant: number of the variant.
            control: number of what it is compared with.
            limit: what a guardrail may rise by.
        """
        sides = self.mean(values, variant), self.mean(values, control)
        return self._compared(name, variant, control, sides, values, limit)

    def quantile_difference(
        self, name: str, p: float, variant: int, control: int, increase: float
    ) -> Difference:
        """The difference of a quantile of latency; the limit is a part of the control's value."""
        sides = self.latency_quantile(p, variant), self.latency_quantile(p, control)
        limit = increase * sides[1].value
        return self._compared(name, variant, control, sides, None, float(limit))

    def latency_quantile(self, p: float, variant: int) -> Estimate:
        """A quantile of the latency of a variant's answers, in ms."""
        rows = self._rows[variant]
        rows = rows[~self._requests.error[rows]]
        requests = self._requests
        return quantile(requests.latency_ms[rows], requests.unit[rows], requests.units, p)

    def intervals(self, estimate: Estimate) -> tuple[Interval, Interval]:
        """The interval for one look, and the one for any number of looks."""
        return (
            intervals.fixed(estimate, self._alpha),
            intervals.always_valid(estimate, self._alpha, self._settings.expected_units),
        )

    def _compared(
        self,
        name: str,
        variant: int,
        control: int,
        sides: tuple[Estimate, Estimate],
        values: Optional[FloatArray],
        limit: Optional[float],
    ) -> Difference:
        estimate = difference(*sides)
        fixed, always_valid = self.intervals(estimate)
        if values is not None and self._settings.interval == BOOTSTRAP and estimate.units:
            estimate, fixed = bootstrapped(
                (self._resampled(values, variant), sides[0]),
                (self._resampled(values, control), sides[1]),
                self._alpha,
            )
            always_valid = self.intervals(estimate)[1]
        names = self._requests.variants
        return Difference(
            name,
            names[variant],
            names[control],
            float(sides[0].value),
            float(sides[1].value),
            float(estimate.value),
            float(np.sqrt(estimate.variance)),
            int(estimate.units),
            fixed,
            always_valid,
            limit,
        )

    def _resampled(self, values: FloatArray, variant: int) -> FloatArray:
        settings = self._settings
        sums = self._sums(values, variant, math.inf)
        # other draws for each variant, the same ones in each run
        return resampled_ratios(*sums, settings.resamples, settings.seed * 1000 + variant)

    def _sums(
        self, values: FloatArray, variant: int, until: float
    ) -> tuple[FloatArray, FloatArray]:
        """A unit's sum of values, and its number of requests that have one."""
        requests, rows = self._requests, self._rows[variant]
        rows = rows[: np.searchsorted(requests.time[rows], until, side="right")]
        rows = rows[~np.isnan(values[rows])]
        unit = requests.unit[rows]
        return (
            sums_by_unit(unit, values[rows], requests.units),
            sums_by_unit(unit, np.ones(len(rows)), requests.units),
        )
