# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Records of an experiment of mode shadow in, how far the shadow agrees with what answered out.

Means over requests with intervals by unit, as in mode split. A shadow cannot be better by this;
only its errors can stop the experiment. Called by ``experiments.report``.
"""

from __future__ import annotations

import math
from typing import Optional

import numpy as np

from experiments import checks, sequential
from experiments.analysis import AGREEMENT_FIGURES, Agreement, Analysis
from experiments.compare import Comparer
from experiments.quantiles import histograms
from experiments.ratio import FloatArray, ratio, sums_by_unit
from experiments.record_tables import Records
from experiments.request_arrays import Comparisons
from experiments.settings import Settings
from experiments.split import rows_of

SHADOW_ERRORS = "shadow_error_share"


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
        variants=rows_of(requests, every, comparer, dict.fromkeys(requests.variants, 1.0)),
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
    found = [_mean(name, pair, pair.figures[name], settings) for name in AGREEMENT_FIGURES]
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
        sequential.fixed(estimate, settings.alpha),
        sequential.always_valid(estimate, settings.alpha, settings.expected_units),
        limit,
    )
