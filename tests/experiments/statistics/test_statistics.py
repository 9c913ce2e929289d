# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The statistics one by one, against hand computation, SciPy and resampling."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from contract.errors import InvalidField
from experiments.analysis.checks import crossed_units, shares_of
from experiments.analysis.look_times import DAY_S, look_times
from experiments.statistics import intervals
from experiments.statistics.bootstrap import bootstrapped, resampled_ratios
from experiments.statistics.delta_method import Estimate, difference, ratio, sums_by_unit
from experiments.statistics.histogram import histograms
from experiments.statistics.intervals import Interval
from experiments.statistics.quantiles import quantile
from experiments.statistics.sample_ratio import mismatch_p


def test_a_ratio_and_its_variance_by_hand() -> None:
    # R = 3 / 6; residuals 1 - 1, 0 - 0.5, 2 - 1.5 add up to 0 and their squares to 0.5
    estimate = ratio(np.array([1.0, 0.0, 2.0]), np.array([2.0, 1.0, 3.0]))
    assert estimate == pytest.approx((0.5, 0.5 / 2 * 3 / 36, 3.0))


def test_the_variance_is_that_of_the_formula() -> None:
    random = np.random.default_rng(1)
    y = random.poisson(3.0, 500) + 1.0
    x = random.binomial(y.astype(int), 0.3).astype(float)
    value, n = x.mean() / y.mean(), len(x)
    (var_x, cov), (_, var_y) = np.cov(x, y)
    expected = (var_x - 2 * value * cov + value**2 * var_y) / (n * y.mean() ** 2)
    assert ratio(x, y) == pytest.approx((value, expected, n))


def test_with_one_request_a_unit_it_is_the_usual_variance_of_a_mean() -> None:
    x = np.array([0.0, 1.0, 1.0, 0.0, 1.0])
    assert ratio(x, np.ones(5)) == pytest.approx((0.6, x.var(ddof=1) / 5, 5.0))


def test_units_that_took_no_part_do_not_count() -> None:
    with_others = ratio(np.array([1.0, 0.0, 0.0, 3.0]), np.array([2.0, 0.0, 1.0, 4.0]))
    assert with_others == ratio(np.array([1.0, 0.0, 3.0]), np.array([2.0, 1.0, 4.0]))


def test_one_unit_has_no_variance() -> None:
    estimate = ratio(np.array([1.0]), np.array([2.0]))
    assert estimate.value == 0.5
    assert math.isnan(float(estimate.variance))
    assert not intervals.fixed(estimate, 0.05).excludes(0.0)


def test_many_experiments_at_once_are_as_one_by_one() -> None:
    random = np.random.default_rng(2)
    y = random.poisson(1.0, (4, 50)).astype(float)
    x = random.binomial(y.astype(int), 0.5).astype(float)
    together = ratio(x, y)
    for i in range(4):
        alone = ratio(x[i], y[i])
        assert [np.asarray(part)[i] for part in together] == pytest.approx(list(alone))


def test_the_bootstrap_agrees_with_the_delta_method() -> None:
    random = np.random.default_rng(3)
    sides = []
    for rate in (0.3, 0.35):
        y = random.poisson(2.0, 2000) + 1.0
        x = random.binomial(y.astype(int), random.beta(rate * 4, (1 - rate) * 4, 2000)) * 1.0
        sides.append((resampled_ratios(x, y, 2000, seed=4 + len(sides)), ratio(x, y)))
    estimate, interval = bootstrapped(sides[1], sides[0], 0.05)
    delta = difference(sides[1][1], sides[0][1])
    assert estimate.value == delta.value
    assert math.sqrt(estimate.variance / delta.variance) == pytest.approx(1.0, abs=0.06)
    normal = intervals.fixed(delta, 0.05)
    assert interval.low == pytest.approx(normal.low, abs=0.1 * (normal.high - normal.low))
    assert interval.high == pytest.approx(normal.high, abs=0.1 * (normal.high - normal.low))


def test_the_fixed_interval_is_that_of_a_z_test() -> None:
    interval = intervals.fixed(Estimate(0.3, 0.01, 100.0), 0.05)
    assert interval == pytest.approx(
        (*stats.norm.interval(0.95, 0.3, 0.1), 2.0 * stats.norm.sf(3.0))
    )


def test_the_always_valid_interval_by_the_authors_own_form() -> None:
    """Their margin: sigma sqrt(2 (t rho^2 + 1) log(sqrt(t rho^2 + 1) / alpha) / (t^2 rho^2))."""
    t, sigma, alpha, planned = 800.0, 2.0, 0.05, 1000.0
    rho2 = (-2 * math.log(alpha) + math.log(-2 * math.log(alpha) + 1)) / planned
    width = sigma * math.sqrt(
        2 * (t * rho2 + 1) * math.log(math.sqrt(t * rho2 + 1) / alpha) / (t**2 * rho2)
    )
    interval = intervals.always_valid(Estimate(1.0, sigma**2 / t, t), alpha, planned)
    assert (interval.low, interval.high) == pytest.approx((1.0 - width, 1.0 + width))


@pytest.mark.parametrize("value", [0.02, 0.25, 0.31, 0.5])
def test_the_always_valid_p_is_where_the_interval_ends_at_no_difference(value: float) -> None:
    estimate, planned = Estimate(value, 0.01, 500.0), 1000.0
    p = float(intervals.always_valid(estimate, 0.05, planned).p)
    rho2 = intervals.rho_squared(0.05, planned)
    # the number of units at which another alpha has the same rho
    same = planned * intervals.rho_squared(p, planned) / rho2 if p < 1.0 else planned
    if p < 1.0:
        interval = intervals.always_valid(estimate, p, same)
        assert interval.low == pytest.approx(0.0, abs=1e-12)
    assert (p < 0.05) == intervals.always_valid(estimate, 0.05, planned).excludes(0.0)


def test_no_tuning_makes_the_always_valid_interval_narrower_than_the_best() -> None:
    widths = [
        float(intervals.always_valid(Estimate(0.0, 1.0, 1000.0), 0.05, planned).high)
        for planned in (100.0, 1000.0, 10_000.0)
    ]
    assert widths[1] == min(widths)
    assert widths[1] == pytest.approx(3.03, abs=0.01)


def test_no_difference_without_error_is_no_difference() -> None:
    for interval in (
        intervals.fixed(Estimate(0.0, 0.0, 10.0), 0.05),
        intervals.always_valid(Estimate(0.0, 0.0, 10.0), 0.05, 100.0),
    ):
        assert interval == Interval(0.0, 0.0, 1.0)
        assert not interval.excludes(0.0)


def test_a_quantile_and_its_variance() -> None:
    values = np.arange(1.0, 1001.0)
    estimate = quantile(values, np.arange(1000), 1000, 0.95)
    assert estimate.value == 950.0
    # sqrt(p (1 - p) / n) / density of a uniform one
    assert math.sqrt(estimate.variance) == pytest.approx(math.sqrt(0.95 * 0.05 * 1000), rel=0.1)


def test_the_variance_of_a_quantile_counts_units() -> None:
    """The same values five times by the same unit tell no more than once."""
    random = np.random.default_rng(5)
    once = random.lognormal(3.0, 0.5, 400)
    alone = quantile(once, np.arange(400), 400, 0.5)
    repeated = quantile(np.repeat(once, 5), np.repeat(np.arange(400), 5), 400, 0.5)
    assert repeated.variance == pytest.approx(alone.variance, rel=0.05)


def test_the_variance_of_a_quantile_is_that_over_many_samples() -> None:
    random = np.random.default_rng(6)
    units = np.repeat(np.arange(300), 4)
    found = []
    for _ in range(300):
        of_unit = np.repeat(random.normal(0.0, 0.3, 300), 4)
        values = np.exp(3.0 + of_unit + random.normal(0.0, 0.4, 1200))
        found.append(quantile(values, units, 300, 0.95))
    spread = np.std([estimate.value for estimate in found])
    assert np.mean([math.sqrt(e.variance) for e in found]) == pytest.approx(spread, rel=0.15)


@pytest.mark.parametrize(
    ("observed", "shares"),
    [([480, 520], [0.5, 0.5]), ([9_600, 10_400], [0.5, 0.5]), ([70, 20, 10], [0.6, 0.3, 0.1])],
)
def test_the_mismatch_is_scipys_chi_square(observed: list[int], shares: list[float]) -> None:
    expected = [share * sum(observed) for share in shares]
    assert mismatch_p(observed, shares) == pytest.approx(stats.chisquare(observed, expected).pvalue)


def test_units_where_none_should_be_are_a_mismatch() -> None:
    assert mismatch_p([100, 1], [1.0, 0.0]) == 0.0
    assert mismatch_p([100, 0], [1.0, 0.0]) == 1.0


def test_weights_become_shares_and_must_name_every_variant() -> None:
    assert shares_of({}, ["a", "b"]) == {"a": 0.5, "b": 0.5}
    assert shares_of({"a": 3, "b": 1}, ["a", "b"]) == {"a": 0.75, "b": 0.25}
    assert shares_of({"a": 1, "b": 1}, ["a"]) == {"a": 0.5, "b": 0.5}
    with pytest.raises(InvalidField, match="has no 'b'"):
        shares_of({"a": 1, "c": 1}, ["a", "b"])


def test_crossed_units_are_those_in_two_variants() -> None:
    crossed = crossed_units(np.array([0, 1, 0, 1, 1]), np.array([0, 0, 1, 2, 2]), 4)
    assert crossed.tolist() == [True, False, False, False]


def test_sums_by_unit() -> None:
    sums = sums_by_unit(np.array([2, 0, 2]), np.array([1.0, 2.0, 3.0]), 4)
    assert sums.tolist() == [2.0, 0.0, 4.0, 0.0]


def test_looks_are_ends_of_days_or_tenths() -> None:
    assert look_times(np.arange(0.0, 20.0)) == [1, 3, 5, 7, 9, 11, 13, 15, 17, 19]
    days = np.arange(0.0, 5.0, 0.25) * DAY_S + 3600.0
    assert look_times(days) == [DAY_S, 2 * DAY_S, 3 * DAY_S, 4 * DAY_S, float(days[-1])]
    assert len(look_times(np.arange(200.0) * DAY_S)) == 40
    assert look_times(np.zeros(0)) == []


def test_histograms_share_edges_and_hold_all_but_the_uppermost() -> None:
    values = {"a": np.arange(1.0, 101.0), "b": np.array([5.0, np.nan])}
    first, second = histograms(values, logarithmic=True)
    assert first.edges == second.edges
    assert sum(first.shares) == pytest.approx(0.99)
    assert sum(second.shares) == 1.0
