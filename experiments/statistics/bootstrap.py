# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Ratios of resampled units, to check the delta method against or to use in its place.

Units are drawn with replacement, a unit with all its requests (B. Efron, 1979).
"""

from __future__ import annotations

import numpy as np

from experiments.statistics.delta_method import Estimate, FloatArray, difference
from experiments.statistics.intervals import Interval, fixed


def resampled_ratios(
    numerators: FloatArray, denominators: FloatArray, resamples: int, seed: int
) -> FloatArray:
    """The ratio of sums of each resample of the units that took part."""
    taking_part = denominators > 0
    sums = np.stack([numerators[taking_part], denominators[taking_part]], axis=1)
    random, n = np.random.default_rng(seed), len(sums)
    ratios = np.full(resamples, np.nan)
    for i in range(resamples if n else 0):
        weights = np.bincount(random.integers(0, n, n), minlength=n)
        x, y = weights @ sums
        ratios[i] = x / y
    return ratios


def resampled_means(values: FloatArray, resamples: int, seed: int) -> FloatArray:
    """Means of queries drawn with replacement, of all columns from the same draws.

    Args:
        values: ``[queries, columns]``.
        resamples: how many.
        seed: of the draws.

    Returns:
        ``[resamples, columns]``.
    """
    n = len(values)
    weights = np.random.default_rng(seed).multinomial(n, np.full(n, 1.0 / n), resamples)
    means: FloatArray = weights @ values / n
    return means


def bootstrapped(
    treated: tuple[FloatArray, Estimate], control: tuple[FloatArray, Estimate], alpha: float
) -> tuple[Estimate, Interval]:
    """A difference with the variance of its resamples, and its percentile interval.

    Args:
        treated: its resampled ratios and its estimate.
        control: the same of what it is compared with.
        alpha: chance of an error of the interval.
    """
    differences = treated[0] - control[0]
    plain = difference(treated[1], control[1])
    estimate = Estimate(plain.value, float(np.var(differences, ddof=1)), plain.units)
    low, high = np.quantile(differences, [alpha / 2.0, 1.0 - alpha / 2.0])
    return estimate, Interval(float(low), float(high), _p(differences, fixed(estimate, alpha)))


def _p(differences: FloatArray, normal: Interval) -> float:
    """Twice the smaller tail of the resamples; the normal one where no resample is in it."""
    tail = min(float(np.mean(differences <= 0.0)), float(np.mean(differences >= 0.0)))
    return min(1.0, 2.0 * tail) if tail else float(np.minimum(normal.p, 2.0 / len(differences)))
