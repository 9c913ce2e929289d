# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Analyses an experiment of mode shadow: how far the shadow agrees with what answered.

Means over requests have intervals by unit, as in mode split. A shadow cannot be better by this;
only its errors can stop the experiment.
"""

from __future__ import annotations

import math
from typing import Optional

import numpy as np

from experiments.analysis import checks
from experiments.analysis.comparer import Comparer
from experiments.analysis.findings import Agreement, Analysis
from experiments.analysis.variant_rows import variant_rows
from experiments.records.database import Records
from experiments.records.request_arrays import AGREEMENT_FIGURES, Comparisons
from experiments.settings.report_settings import Settings
from experiments.statistics import intervals
from experiments.statistics.delta_method import FloatArray, ratio, sums_by_unit
from experiments.statistics.histogram import histograms

SHADOW_ERRORS = "shadow_error_share"
# of cascades alone
INCOMPLETE = "shadow_incomplete_share"


def analyse(records: Records, settings: Settings) -> Analysis:
    """Average what was compared."""
    requests, counts = records.requests, dict(records.counts)
    counts["comparisons"] = sum(len(pair.error) for pair in records.comparisons)
    every = np.ones(len(requests.unit), bool)
    comparer = Comparer(requests, every, settings, 1)
    times = requests.time
    return Analysis(
        records.experiment,
        records.mode,
        records.comparisons[0].variant if records.comparisons else "",
        float(times[0]) if len(times) else math.nan,
        float(times[-1]) if len(times) else math.nan,
        SHADOW_ERRORS,
        counts,
        variants=variant_rows(requests, every, comparer, dict.fromkeys(requests.variants, 1.0)),
        agreement=[figure for pair in records.comparisons for figure in _figures(pair, settings)],
        latency=histograms(
            {
                name: requests.latency_ms[requests.variant == i]
                for i, name in enumerate(requests.variants)
            },
            logarithmic=True,
        ),
        tau=histograms(
            {pair.shadow_variant: pair.figures["kendall_tau"] for pair in records.comparisons},
            logarithmic=False,
        ),
        checks=[
            checks.enough(counts["comparisons"], "shadow comparisons"),
            checks.damaged(counts, records.damaged_at, settings.limits),
        ],
    )


def _figures(pair: Comparisons, settings: Settings) -> list[Agreement]:
    known = {name: bool(np.isfinite(pair.figures[name]).any()) for name in AGREEMENT_FIGURES}
    # of a cascade's scores there are no figures
    names = [name for name in AGREEMENT_FIGURES if known[name] or not any(known.values())]
    found = [_mean(name, pair, pair.figures[name], settings) for name in names]
    if pair.incomplete.any():
        found.append(_mean(INCOMPLETE, pair, pair.incomplete.astype(np.float64), settings))
    limit = settings.limits.error_increase
    return [*found, _mean(SHADOW_ERRORS, pair, pair.error.astype(np.float64), settings, limit)]


def _mean(
    name: str,
    pair: Comparisons,
    values: FloatArray,
    settings: Settings,
    limit: Optional[float] = None,
) -> Agreement:
    known = ~np.isnan(values)
    unit = pair.unit[known]
    estimate = ratio(
        sums_by_unit(unit, values[known], pair.units),
        sums_by_unit(unit, np.ones(len(unit)), pair.units),
    )
    return Agreement(
        name,
        pair.variant,
        pair.shadow_variant,
        len(unit),
        float(estimate.value),
        intervals.fixed(estimate, settings.alpha),
        intervals.always_valid(estimate, settings.alpha, settings.expected_units),
        limit,
    )
