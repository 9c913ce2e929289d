# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Intervals and p-values of an estimate: for one look, and for as many looks as one likes.

The interval for one look is the normal one. The always-valid one is an asymptotic confidence
sequence (I. Waudby-Smith, D. Arbour, R. Sinha, E. H. Kennedy, A. Ramdas: Time-uniform central
limit theory and asymptotic confidence sequences, Annals of Statistics 52 (6), 2024, theorem 2.2):

    estimate +- s sqrt( (1 + 1/x) log((1 + x) / alpha^2) ),    x = n rho^2

with s the standard error and n the number of units so far. With probability 1 - alpha it holds the
truth at all n at once, so a test that looks daily and ends at the first interval without 0 errs
with probability alpha. ``rho`` only says where it is narrowest; near the best at n* units is (as in
their package, to first order)

    rho^2 = (-2 log alpha + log(1 - 2 log alpha)) / n*

and it has to be chosen before looking. Its p-value is the alpha at which the interval ends at 0,
``rho`` kept. Both work element by element.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import special

from experiments.statistics.delta_method import Estimate, Number


class Interval(NamedTuple):
    """Ends of an interval, and the p-value of no difference; numbers or arrays."""

    low: Number
    high: Number
    p: Number

    def excludes(self, value: Number) -> bool:
        """Whether the value is outside; never for an interval that is not known."""
        return bool(self.low > value or self.high < value)


def fixed(estimate: Estimate, alpha: float) -> Interval:
    """The normal interval, for one look at a number of units set in advance."""
    width = special.ndtri(1.0 - alpha / 2.0) * np.sqrt(estimate.variance)
    return _around(estimate, width, 2.0 * special.ndtr(-np.abs(_z(estimate))))


def rho_squared(alpha: float, expected_units: float) -> float:
    """``rho^2`` that makes the interval narrowest at so many units."""
    evidence = -2.0 * np.log(alpha)
    return float((evidence + np.log1p(evidence)) / expected_units)


def always_valid(estimate: Estimate, alpha: float, expected_units: float) -> Interval:
    """The confidence sequence at this look."""
    # an array, as Python's own numbers raise where there are no units
    x = np.asarray(estimate.units, np.float64) * rho_squared(alpha, expected_units)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        width = np.sqrt(estimate.variance * (1.0 + 1.0 / x) * np.log((1.0 + x) / alpha**2))
        evidence = np.square(_z(estimate)) * x / (1.0 + x)
        p = np.minimum(1.0, np.sqrt(1.0 + x) * np.exp(-evidence / 2.0))
    return _around(estimate, width, p)


def _z(estimate: Estimate) -> Number:
    """Standard errors away from 0; 0 for 0 without error."""
    value = np.asarray(estimate.value, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(value == 0.0, 0.0, value / np.sqrt(estimate.variance))
    return z if z.ndim else float(z)


def _around(estimate: Estimate, width: Number, p: Number) -> Interval:
    low, high = estimate.value - width, estimate.value + width
    if np.ndim(low):
        return Interval(low, high, p)
    return Interval(float(low), float(high), float(p))
