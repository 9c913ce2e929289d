# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The gate: who is let in, by number and by the wait that is to be expected."""

from __future__ import annotations

import time

import pytest

from contract.errors import Overloaded, ShuttingDown
from pipeline.door.admission import Gate


def opened(max_in_flight: int = 100, max_delay_ms: float = 1.0) -> Gate:
    gate = Gate(max_in_flight, max_delay_ms)
    gate.open()
    return gate


def learn(gate: Gate, size: int = 1000, requests: int = 20) -> None:
    """What one request after another takes: some milliseconds each."""
    for _ in range(requests):
        ticket = gate.enter(size)
        time.sleep(0.005)
        gate.leave(ticket, served=True)


def test_a_closed_gate_lets_nobody_in() -> None:
    gate = Gate(10, 100.0)
    with pytest.raises(ShuttingDown, match="is starting"):
        gate.check(1)
    gate.open()
    gate.leave(gate.enter(1))
    gate.close("the end")
    with pytest.raises(ShuttingDown, match="the end"):
        gate.enter(1)


def test_so_many_are_let_in_and_leave_again() -> None:
    gate = opened(3)
    tickets = [gate.enter(10) for _ in range(3)]
    with pytest.raises(Overloaded, match="3 requests are in work"):
        gate.check(10)
    assert not gate.wait_idle(0.0)
    for ticket in tickets:
        gate.leave(ticket)
    assert gate.in_flight == 0
    assert gate.wait_idle(0.0)


def test_before_anything_is_known_nobody_is_refused_for_the_wait() -> None:
    gate = opened()
    assert len([gate.enter(1000) for _ in range(100)]) == 100


def test_a_few_alike_are_always_let_in_and_no_more_when_they_take_long() -> None:
    gate = opened()
    learn(gate)
    assert len([gate.enter(1000) for _ in range(8)]) == 8
    with pytest.raises(Overloaded, match="ms of work wait already, and at most 1 may"):
        gate.enter(1000)


def test_a_small_request_waits_for_no_more_of_a_large_one_than_its_own_size() -> None:
    gate = opened()
    learn(gate)
    for _ in range(8):
        gate.enter(1_000_000)
    with pytest.raises(Overloaded):
        gate.check(1_000)
    gate = opened(max_delay_ms=1000.0)
    learn(gate)
    for _ in range(8):
        gate.enter(1_000_000)
    gate.check(1_000)


def test_a_bound_of_nothing_is_none() -> None:
    gate = opened(max_delay_ms=0.0)
    learn(gate)
    assert len([gate.enter(1000) for _ in range(100)]) == 100


def test_refused_requests_tell_nothing_of_the_pace() -> None:
    gate = opened()
    learn(gate)
    for _ in range(200):
        gate.leave(gate.enter(1_000_000))
    tickets = [gate.enter(1000) for _ in range(8)]
    with pytest.raises(Overloaded):
        gate.check(1000)
    assert len(tickets) == gate.in_flight


def test_a_stall_is_not_taken_for_slowness(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("pipeline.door.admission.time.monotonic", lambda: now)
    gate = opened(max_delay_ms=50.0)

    def serve(requests: int) -> None:
        nonlocal now
        for _ in range(requests):
            ticket = gate.enter(1000)
            now += 0.005
            gate.leave(ticket, served=True)

    serve(20)
    stalled = [gate.enter(1000) for _ in range(5)]
    now += 60.0
    for ticket in stalled:
        gate.leave(ticket)
    serve(34)
    # at 5 ms each ten fit into 50 ms, at a minute each none beyond the eight would
    assert len([gate.enter(1000) for _ in range(9)]) == 9
