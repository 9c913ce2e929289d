# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The traffic of the last minutes: what is counted, how exact quantiles are, what is forgotten."""

from __future__ import annotations

import random

import pytest

from pipeline.telemetry.recent_traffic import (
    INTERVAL_S,
    INTERVALS,
    NO_LINE,
    QUANTILE_ERROR,
    Line,
    Traffic,
)

AB = Line("ab", "a", "pairwise")


class Clock:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("count", [1, 2, 3, 99, 100, 1000])
def test_a_quantile_is_never_below_and_at_most_its_error_above(count: int) -> None:
    numbers = random.Random(count)
    times = sorted(numbers.lognormvariate(-4, 1.5) for _ in range(count))
    traffic = Traffic(Clock())
    for seconds in times:
        traffic.ended(AB, 200, seconds)
    counts = traffic.snapshot().lines[AB]
    for q in (0.5, 0.99, 1.0):
        true = times[max(0, -int(-q * count // 1) - 1)]
        estimate = counts.quantile_s(q)
        assert estimate is not None
        assert true <= estimate * (1 + 1e-9)
        assert estimate <= max(true, 1e-4) * (1 + QUANTILE_ERROR) * (1 + 1e-9)
    assert counts.longest_s == times[-1]


def test_extreme_times_have_a_place() -> None:
    traffic = Traffic(Clock())
    for seconds in (0.0, 1e-9, 1e6):
        traffic.ended(AB, 200, seconds)
    counts = traffic.snapshot().lines[AB]
    assert counts.quantile_s(0.5) == pytest.approx(1e-4)
    assert len(counts.bins) == 2


def test_ends_are_told_apart_and_only_answers_have_a_time() -> None:
    traffic = Traffic(Clock())
    for status in (200, 200, 400, 401, 413, 422, 499, 429, 503, 500, 504):
        traffic.ended(AB, status, 9.0 if status != 200 else 0.01)
    counts = traffic.snapshot().lines[AB]
    assert counts.ended == {"answered": 2, "rejected": 5, "refused": 2, "failed": 2}
    assert counts.longest_s == 0.01


def test_old_traffic_is_forgotten_and_lines_stay_apart() -> None:
    clock = Clock()
    traffic = Traffic(clock)
    traffic.ended(AB, 200, 0.01)
    clock.now += (INTERVALS - 1) * INTERVAL_S
    traffic.ended(NO_LINE, 429, 0.0)
    seen = traffic.snapshot()
    assert set(seen.lines) == {AB, NO_LINE}
    assert [counts.ended["answered"] for counts in seen.timeline] == [1] + [0] * (INTERVALS - 1)
    clock.now += INTERVAL_S
    seen = traffic.snapshot()
    assert set(seen.lines) == {NO_LINE}
    clock.now += 10 * INTERVALS * INTERVAL_S
    assert traffic.snapshot().lines == {}
    assert len(traffic.snapshot().timeline) == INTERVALS


def test_a_young_service_says_how_short_its_window_is() -> None:
    clock = Clock()
    clock.now = 1003.0
    traffic = Traffic(clock)
    clock.now = 1012.0
    assert traffic.snapshot().observed_s == pytest.approx(9.0)
    assert len(traffic.snapshot().timeline) == 2
    clock.now = 5003.0
    assert traffic.snapshot().observed_s == pytest.approx((INTERVALS - 1) * INTERVAL_S + 3.0)
    assert traffic.snapshot().lines.get(AB) is None


def test_a_quantile_of_nothing_is_none() -> None:
    traffic = Traffic(Clock())
    traffic.ended(AB, 500, 1.0)
    assert traffic.snapshot().lines[AB].quantile_s(0.5) is None
