# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Measures how often the report's statistics are wrong and how often right, by simulation."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from experiments.simulation.simulated_experiments import Design, detectable, simulated_days
from experiments.statistics import intervals
from experiments.statistics.delta_method import difference, ratio
from experiments.statistics.sample_ratio import SRM_P, mismatch_p


class Rates(NamedTuple):
    """Shares of the experiments in which a difference was called.

    Attributes:
        fixed_once: by the interval for one look, at the last one.
        fixed_daily: by the same interval at any of the daily looks, which it is not made for.
        sequential_once: by the always-valid interval, at the last look.
        sequential_daily: by the always-valid interval at any look.
    """

    fixed_once: float
    fixed_daily: float
    sequential_once: float
    sequential_daily: float


def detection_rates(design: Design, experiments: int, seed: int, alpha: float = 0.05) -> Rates:
    """How often a difference is called, looking at the end of every day.

    The intervals are those of the report.
    """
    random = np.random.default_rng(seed)
    once = np.zeros((2, experiments), bool)
    daily = np.zeros((2, experiments), bool)
    for treated, control in simulated_days(design, experiments, random):
        estimate = difference(
            ratio(treated.clicks, treated.requests), ratio(control.clicks, control.requests)
        )
        ends = (
            intervals.fixed(estimate, alpha),
            intervals.always_valid(estimate, alpha, 2 * design.units),
        )
        once = np.array([(i.low > 0) | (i.high < 0) for i in ends])
        daily |= once
    shares = [float(found[i].mean()) for i in range(2) for found in (once, daily)]
    return Rates(*shares)


def with_power(design: Design, power: float, alpha: float = 0.05) -> Design:
    """The design with the lift that one look at its end finds with this power."""
    return replace(design, lift=detectable(design, power, alpha))


def mismatches_found(share: float, units: int, experiments: int, seed: int) -> float:
    """Share of experiments flagged, whose units went to one variant with this share, not half."""
    first = np.random.default_rng(seed).binomial(units, share, experiments)
    alarms = [mismatch_p([n, units - n], [0.5, 0.5]) < SRM_P for n in first]
    return float(np.mean(alarms))
