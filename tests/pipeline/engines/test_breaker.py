# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A circuit opens after failures in a row, and one good probe after the cool-down closes it."""

from __future__ import annotations

from pipeline.engines.remote.breaker import Breaker

COOL_DOWN_S = 5.0


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def closed_breaker(clock: Clock) -> Breaker:
    breaker = Breaker(3, COOL_DOWN_S, clock)
    assert breaker.begin_probe()
    breaker.end_probe(True)
    assert breaker.closed
    return breaker


def test_it_begins_open_and_may_be_probed_at_once_by_one() -> None:
    breaker = Breaker(3, COOL_DOWN_S, Clock())
    assert not breaker.closed
    assert breaker.begin_probe()
    assert not breaker.begin_probe()


def test_failures_in_a_row_open_it_and_a_success_between_starts_anew() -> None:
    breaker = closed_breaker(Clock())
    assert [breaker.failed(), breaker.failed()] == [False, False]
    breaker.succeeded()
    assert [breaker.failed(), breaker.failed()] == [False, False]
    assert breaker.closed
    assert breaker.failed()
    assert not breaker.closed


def test_it_is_probed_after_the_cool_down_only() -> None:
    clock = Clock()
    breaker = closed_breaker(clock)
    breaker.end_probe(False)
    clock.now += COOL_DOWN_S - 0.1
    assert not breaker.begin_probe()
    clock.now += 0.1
    assert breaker.begin_probe()
    breaker.end_probe(False)
    assert not breaker.begin_probe()
    clock.now += COOL_DOWN_S
    assert breaker.begin_probe()
    breaker.end_probe(True)
    assert breaker.closed


def test_a_late_success_does_not_close_it() -> None:
    breaker = closed_breaker(Clock())
    for _ in range(3):
        breaker.failed()
    breaker.succeeded()
    assert not breaker.closed


def test_a_late_failure_does_not_lengthen_the_cool_down() -> None:
    clock = Clock()
    breaker = closed_breaker(clock)
    breaker.end_probe(False)
    clock.now += COOL_DOWN_S - 0.1
    assert [breaker.failed() for _ in range(4)] == [False] * 4
    clock.now += 0.1
    assert breaker.begin_probe()
