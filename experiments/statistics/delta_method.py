# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Estimates a metric per request and its variance from units, by the delta method.

A unit sends many requests and they resemble each other, so requests are no independent
observations; units are. A metric "per request" is then a ratio of two means over units,

    R = mean(x) / mean(y),    var(R) = (var(x) - 2 R cov(x, y) + R^2 var(y)) / (n mean(y)^2)

with x a unit's sum of the metric and y its number of requests (A. Deng, U. Knoblich, J. Lu:
Applying the Delta Method in Metric Analytics, KDD 2018, equation 4). Everything works element by
element, so a thousand simulated experiments are computed like one.
"""

from __future__ import annotations

from typing import NamedTuple, Union

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Number = Union[float, FloatArray]


class Estimate(NamedTuple):
    """A value, the variance of its error, and from how many units; numbers or arrays."""

    value: Number
    variance: Number
    units: Number


def ratio(numerators: FloatArray, denominators: FloatArray) -> Estimate:
    """The ratio of sums over the last axis, an entry a unit.

    Units whose denominator is 0 took no part and are left out. ``nan`` without two units.
    """
    x, y = np.asarray(numerators, np.float64), np.asarray(denominators, np.float64)
    taking_part = y > 0
    x = np.where(taking_part, x, 0.0)
    n = taking_part.sum(axis=-1).astype(np.float64)
    sum_x, sum_y = x.sum(axis=-1), y.sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = sum_x / sum_y
        residuals = x - value[..., None] * y if value.ndim else x - value * y
        # the residuals add up to 0, so their squares are var(x) - 2 R cov(x, y) + R^2 var(y)
        squares = np.square(residuals).sum(axis=-1)
        variance = np.where(n > 1, squares / (n - 1) * n / np.square(sum_y), np.nan)
    if value.ndim:
        return Estimate(value, variance, n)
    return Estimate(float(value), float(variance), float(n))


def difference(treated: Estimate, control: Estimate) -> Estimate:
    """The first estimate minus the second; they are from different units."""
    return Estimate(
        treated.value - control.value,
        treated.variance + control.variance,
        treated.units + control.units,
    )


def sums_by_unit(units: IntArray, values: NDArray[np.generic], count: int) -> FloatArray:
    """Add up what belongs to each of ``count`` units."""
    sums = np.bincount(units, weights=values.astype(np.float64), minlength=count)
    return sums.astype(np.float64)
