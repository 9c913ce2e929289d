# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Describes each variant by itself: its requests, its units, and the value of every metric."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from experiments.analysis.comparer import Comparer
from experiments.analysis.findings import VariantRow
from experiments.records.request_arrays import Requests
from experiments.statistics.delta_method import FloatArray

ERRORS, FALLBACKS = "error_share", "fallback_share"
# of the latency of answers
QUANTILES = {"latency_p50_ms": 0.5, "latency_p95_ms": 0.95, "latency_p99_ms": 0.99}


def variant_rows(
    requests: Requests,
    chosen_requests: NDArray[np.bool_],
    comparer: Comparer,
    shares: Mapping[str, float],
) -> list[VariantRow]:
    """A row for each variant.

    Args:
        requests: of all variants.
        chosen_requests: which of them count.
        comparer: of these.
        shares: of units, that each variant should have.
    """
    chosen = [chosen_requests & (requests.variant == i) for i in range(len(requests.variants))]
    units = [len(np.unique(requests.unit[rows])) for rows in chosen]
    counts = [int(rows.sum()) for rows in chosen]
    values = {**requests.metrics, **shares_of_requests(requests)}
    rows = []
    for i, name in enumerate(requests.variants):
        measured = {key: float(comparer.mean(value, i).value) for key, value in values.items()}
        for key, p in QUANTILES.items():
            measured[key] = float(comparer.latency_quantile(p, i).value)
        rows.append(
            VariantRow(
                name,
                counts[i],
                units[i],
                counts[i] / max(sum(counts), 1),
                units[i] / max(sum(units), 1),
                shares[name],
                measured,
            )
        )
    return rows


def shares_of_requests(requests: Requests) -> dict[str, FloatArray]:
    """Errors of all requests, and fallbacks of those that were answered."""
    errors = requests.error.astype(np.float64)
    return {ERRORS: errors, FALLBACKS: np.where(requests.error, np.nan, requests.fallback)}
