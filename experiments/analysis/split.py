# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Analyses an experiment of mode split: every variant beside the control.

Fallbacks stay with the variant they were assigned to, as readers of that variant get them. Requests
that were refused count for the share of errors only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from contract.errors import DataError
from experiments.analysis import checks
from experiments.analysis.comparer import Comparer
from experiments.analysis.findings import Analysis, Check, Difference, Look, VariantRow
from experiments.analysis.look_times import look_times
from experiments.analysis.variant_rows import (
    ERRORS,
    FALLBACKS,
    QUANTILES,
    shares_of_requests,
    variant_rows,
)
from experiments.records.database import Records
from experiments.records.request_arrays import Requests
from experiments.settings.report_settings import METRICS, Settings
from experiments.statistics.delta_method import difference
from experiments.statistics.histogram import Histogram, histograms


class _Sides(NamedTuple):
    requests: Requests
    chosen: NDArray[np.bool_]
    comparer: Comparer
    control: int

    @property
    def others(self) -> list[int]:
        return [i for i in range(len(self.requests.variants)) if i != self.control]


def analyse(records: Records, settings: Settings) -> Analysis:
    """Compare every variant with the control.

    Raises:
        DataError: the control is none of the variants.
        InvalidField: a variant of the records has no weight.
    """
    requests = records.requests
    crossed = checks.crossed_units(requests.variant, requests.unit, requests.units)
    chosen = ~crossed[requests.unit] if len(requests.unit) else np.zeros(0, bool)
    control = _control(requests.variants, settings)
    comparer = Comparer(requests, chosen, settings, len(requests.variants) - 1)
    sides = _Sides(requests, chosen, comparer, control)
    shares = checks.shares_of(settings.weights, requests.variants)
    rows = variant_rows(requests, chosen, comparer, shares)
    times = requests.time
    return Analysis(
        records.experiment,
        records.mode,
        requests.variants[control] if requests.variants else "",
        float(times[0]) if len(times) else math.nan,
        float(times[-1]) if len(times) else math.nan,
        settings.primary,
        records.counts,
        variants=rows,
        metrics=_metrics(sides),
        guardrails=_guardrails(sides, settings),
        looks=_looks(sides, settings),
        latency=_latency(sides),
        checks=_checks(records, rows, int(crossed.sum()), shares, settings),
    )


def _control(variants: Sequence[str], settings: Settings) -> int:
    if settings.control is None or not variants:
        return 0
    if settings.control not in variants:
        raise DataError(
            f"{settings.control!r} is no variant of the records; there are: {', '.join(variants)}",
            field="--control",
        )
    return list(variants).index(settings.control)


def _metrics(sides: _Sides) -> list[Difference]:
    """Of all metrics that any request is part of."""
    values = sides.requests.metrics
    present = [name for name in METRICS if not np.isnan(values[name]).all()]
    return [
        sides.comparer.difference(name, values[name], variant, sides.control)
        for variant in sides.others
        for name in present
    ]


def _guardrails(sides: _Sides, settings: Settings) -> list[Difference]:
    limits, control = settings.limits, sides.control
    increases = {ERRORS: limits.error_increase, FALLBACKS: limits.fallback_increase}
    values = shares_of_requests(sides.requests)
    found = []
    for variant in sides.others:
        found += [
            sides.comparer.difference(name, values[name], variant, control, limit)
            for name, limit in increases.items()
        ]
        found += [
            sides.comparer.quantile_difference(name, p, variant, control, limits.latency_increase)
            for name, p in QUANTILES.items()
        ]
    return found


def _looks(sides: _Sides, settings: Settings) -> list[Look]:
    """The primary metric's differences as they stood at the end of each day."""
    values, comparer = sides.requests.metrics[settings.primary], sides.comparer
    looks = []
    for until in look_times(sides.requests.time):
        control = comparer.mean(values, sides.control, until)
        for variant in sides.others:
            estimate = difference(comparer.mean(values, variant, until), control)
            fixed, always_valid = comparer.intervals(estimate)
            name, units = sides.requests.variants[variant], int(estimate.units)
            value = float(estimate.value)
            looks.append(Look(until, name, settings.primary, units, value, fixed, always_valid))
    return looks


def _latency(sides: _Sides) -> list[Histogram]:
    requests = sides.requests
    answered = sides.chosen & ~requests.error
    return histograms(
        {
            name: requests.latency_ms[answered & (requests.variant == i)]
            for i, name in enumerate(requests.variants)
        },
        logarithmic=True,
    )


def _checks(
    records: Records,
    rows: Sequence[VariantRow],
    crossed: int,
    shares: dict[str, float],
    settings: Settings,
) -> list[Check]:
    requests, counts, limits = records.requests, records.counts, settings.limits
    found = [checks.enough(len(requests.unit), "requests assigned by bucket")]
    if len(requests.variants) == 1:
        says = f"only variant {requests.variants[0]!r} has requests; is the other one configured?"
        found.append(Check("variants", 1.0, 2.0, True, says))
    if len(requests.unit):
        found.append(checks.sample_ratio({row.name: row.units for row in rows}, shares))
        found.append(checks.crossed(crossed, requests.units, limits))
        found.append(checks.joined(counts))
    found.append(checks.damaged(counts, records.damaged_at, limits))
    found.append(checks.unknown_feedback(counts, limits))
    return found
