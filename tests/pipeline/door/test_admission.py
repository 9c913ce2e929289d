# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Admission: whom it lets in, by how many are in work and by how long they will wait."""

from __future__ import annotations

import pytest

from contract.errors import OverLimit, Overloaded, RankingError, ShuttingDown
from pipeline.door.admission import Admission


class Clock:
    """Admission's clock, which goes only when it is told to."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("pipeline.door.admission.time", clock)
    return clock


def opened(max_in_flight: int = 100, max_delay_ms: float = 1.0) -> Admission:
    admission = Admission(max_in_flight, max_delay_ms)
    admission.open()
    return admission


def learn(admission: Admission, clock: Clock, requests: int = 20) -> None:
    """What one request after another takes: 5 ms each."""
    for _ in range(requests):
        with admission.enter(1000) as ticket:
            ticket.served = True
            clock.now_s += 0.005


def test_when_closed_it_lets_nobody_in() -> None:
    admission = Admission(10, 100.0)
    with pytest.raises(ShuttingDown, match="is starting"):
        admission.look(1)
    admission.open()
    with admission.enter(1):
        assert admission.in_flight == 1
    admission.close("the end")
    with pytest.raises(ShuttingDown, match="the end"):
        admission.enter(1)


def test_so_many_are_let_in_and_leave_again() -> None:
    admission = opened(3)
    tickets = [admission.enter(10) for _ in range(3)]
    with pytest.raises(Overloaded, match="3 requests are in work"):
        admission.look(10)
    assert not admission.wait_idle(0.0)
    for ticket in tickets:
        admission.leave(ticket)
    assert admission.in_flight == 0
    assert admission.wait_idle(0.0)


def test_before_anything_is_known_nobody_is_refused_for_the_wait() -> None:
    admission = opened()
    assert len([admission.enter(1000) for _ in range(100)]) == 100


def test_a_few_alike_are_always_let_in_and_no_more_when_they_take_long(clock: Clock) -> None:
    admission = opened()
    learn(admission, clock)
    assert len([admission.enter(1000) for _ in range(8)]) == 8
    with pytest.raises(Overloaded, match="ms of work wait already, and at most 1 may"):
        admission.enter(1000)


def test_a_small_request_waits_for_no_more_of_a_large_one_than_its_own_size(clock: Clock) -> None:
    admission = opened()
    learn(admission, clock)
    for _ in range(8):
        admission.enter(1_000_000)
    with pytest.raises(Overloaded):
        admission.look(1_000)
    admission = opened(max_delay_ms=1000.0)
    learn(admission, clock)
    for _ in range(8):
        admission.enter(1_000_000)
    admission.look(1_000)


def test_a_bound_of_nothing_is_none(clock: Clock) -> None:
    admission = opened(max_delay_ms=0.0)
    learn(admission, clock)
    assert len([admission.enter(1000) for _ in range(100)]) == 100


def test_refused_requests_tell_nothing_of_the_pace(clock: Clock) -> None:
    admission = opened()
    learn(admission, clock)
    for _ in range(200):
        with admission.enter(1_000_000):
            pass
    tickets = [admission.enter(1000) for _ in range(8)]
    with pytest.raises(Overloaded):
        admission.look(1000)
    assert len(tickets) == admission.in_flight


def test_a_stall_is_not_taken_for_slowness(clock: Clock) -> None:
    admission = opened(max_delay_ms=50.0)
    learn(admission, clock)
    stalled = [admission.enter(1000) for _ in range(5)]
    clock.now_s += 60.0
    for ticket in stalled:
        admission.leave(ticket)
    learn(admission, clock, 34)
    # at 5 ms each ten fit into 50 ms, at a minute each none beyond the eight would
    assert len([admission.enter(1000) for _ in range(9)]) == 9


class Place:
    """One place of a caller's own."""

    def __init__(self) -> None:
        self.taken = 0

    def take_place(self) -> None:
        if self.taken:
            raise OverLimit("one already")
        self.taken += 1

    def give_back(self) -> None:
        self.taken -= 1


def test_a_place_is_given_back_however_a_request_ends() -> None:
    admission, place = opened(1), Place()
    with admission.enter(1, place) as ticket:
        assert (place.taken, ticket.begun > 0.0) == (1, True)
        with pytest.raises(OverLimit):
            admission.enter(1, place)
    assert place.taken == 0
    with pytest.raises(ZeroDivisionError), admission.enter(1, place):
        raise ZeroDivisionError
    assert (place.taken, admission.in_flight) == (0, 0)
    with admission.enter(1):
        with pytest.raises(Overloaded):
            admission.enter(1, place)
        assert place.taken == 0


def test_every_refusal_is_told() -> None:
    told: list[RankingError] = []
    admission = Admission(1, 0.0, told.append)
    with pytest.raises(ShuttingDown):
        admission.look(1)
    admission.open()
    with admission.enter(1), pytest.raises(Overloaded):
        admission.enter(1)
    assert [type(error) for error in told] == [ShuttingDown, Overloaded]


def test_full_is_what_has_been_full_without_a_break() -> None:
    admission = Admission(4, full_share=0.5)
    admission.open()
    assert admission.full_s == 0.0
    first, second = admission.enter(1), admission.enter(1)
    assert admission.full_s > 0.0
    with first:
        pass
    assert admission.full_s == 0.0
    third = admission.enter(1)
    assert admission.full_s > 0.0
    for ticket in (second, third):
        with ticket:
            pass
    assert admission.full_s == 0.0
