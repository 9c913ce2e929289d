# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The scheduler's order: small requests first, large ones too, late and cancelled ones never."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError

import pytest

from contract.errors import DeadlineExceeded, InferenceFailed, Overloaded, ShuttingDown
from pipeline.batching.scheduler import Scheduler
from pipeline.telemetry.metrics import Metrics
from tests.pipeline.batching.row_engine import (
    RowEngines,
    expected,
    make_scheduler,
    occupy,
    row,
    rows,
)

# rows of 8 tokens, 4 a batch
BUDGET, LENGTH = 32, 8


@pytest.fixture()
def engines() -> RowEngines:
    return RowEngines()


@pytest.fixture()
def scheduler(engines: RowEngines) -> Iterator[Scheduler]:
    scheduler = make_scheduler(engines, max_batch_tokens=BUDGET, max_queue_rows=100)
    yield scheduler
    engines.go.set()
    assert scheduler.stop(30)


def first_ids(batches: list[list[int]]) -> list[int]:
    return [first for batch in batches for first in batch]


def test_one_document_passes_many_that_came_before(
    scheduler: Scheduler, engines: RowEngines
) -> None:
    occupy(scheduler, engines)
    large = scheduler.submit(rows(40, LENGTH))
    small = scheduler.submit(rows(1, LENGTH, 500))
    engines.go.set()
    small.result(30)
    large.result(30)
    assert 500 in engines.batches[1]


def test_a_large_request_does_not_hold_up_one_that_comes_while_it_runs(
    scheduler: Scheduler, engines: RowEngines
) -> None:
    engines.go.clear()
    large = scheduler.submit(rows(40, LENGTH))
    assert engines.entered.acquire(timeout=30)
    small = scheduler.submit(rows(1, LENGTH, 500))
    engines.go.set()
    small.result(30)
    large.result(30)
    assert 500 in engines.batches[1], "the next batch after the one that ran"


def test_a_stream_of_small_ones_does_not_starve_a_large_one(
    scheduler: Scheduler, engines: RowEngines
) -> None:
    """Two new ones come for each that is served, so that there is always one to serve first."""
    submitted: list[int] = []

    def feed(count: int) -> None:
        with contextlib.suppress(ShuttingDown, Overloaded):
            for _ in range(count):
                future = scheduler.submit(rows(1, LENGTH, 1000 + len(submitted)))
                submitted.append(1)
                future.add_done_callback(lambda _: feed(2))

    occupy(scheduler, engines)
    large = scheduler.submit(rows(8, LENGTH))
    feed(4)
    engines.go.set()
    large.result(30)
    order = first_ids(engines.batches)
    assert len([name for name in order[: order.index(8)] if name >= 1000]) < 30


def test_a_request_whose_deadline_has_passed_is_not_computed(
    scheduler: Scheduler, engines: RowEngines
) -> None:
    occupy(scheduler, engines)
    patient = scheduler.submit(rows(4, LENGTH), time.monotonic() + 3600)
    late = scheduler.submit(rows(6, LENGTH, 500), time.monotonic() + 1e-7)
    engines.go.set()
    with pytest.raises(DeadlineExceeded, match="did not begin within the time allowed"):
        late.result(30)
    assert len(patient.result(30).logits) == 4
    assert not [first for first in first_ids(engines.batches) if 500 <= first < 600]


def test_a_cancelled_request_leaves_also_in_the_middle(
    scheduler: Scheduler, engines: RowEngines
) -> None:
    engines.go.clear()
    large = scheduler.submit(rows(40, LENGTH))
    assert engines.entered.acquire(timeout=30)
    kept = scheduler.submit(rows(8, LENGTH, 500))
    assert large.cancel()
    engines.go.set()
    assert len(kept.result(30).logits) == 8
    assert len([first for first in first_ids(engines.batches) if first < 500]) == 4
    with pytest.raises(CancelledError):
        large.result(0)


def test_a_row_that_another_request_wants_outlives_the_cancelled_one(
    scheduler: Scheduler, engines: RowEngines
) -> None:
    occupy(scheduler, engines)
    shared = rows(4, LENGTH)
    first, second = scheduler.submit(shared), scheduler.submit(shared)
    assert first.cancel()
    engines.go.set()
    assert second.result(30).logits.tolist() == expected(shared).tolist()


def test_a_cancelled_request_makes_room_at_once(scheduler: Scheduler, engines: RowEngines) -> None:
    occupy(scheduler, engines)
    waiting = scheduler.submit(rows(100, LENGTH))
    with pytest.raises(Overloaded, match="100 documents wait for cross_encoder already"):
        scheduler.submit(rows(1, LENGTH, 500))
    assert waiting.cancel()
    scheduler.submit(rows(100, LENGTH, 500))


def test_an_engine_that_is_overloaded_says_so_itself(
    scheduler: Scheduler, engines: RowEngines
) -> None:
    engines.poison, engines.error = 500, Overloaded("all endpoints are busy")
    with pytest.raises(Overloaded, match="all endpoints are busy"):
        scheduler.submit(rows(2, LENGTH, 500)).result(30)


def test_a_failed_batch_drops_the_rest_of_its_requests_only(
    scheduler: Scheduler, engines: RowEngines
) -> None:
    engines.poison = 500
    occupy(scheduler, engines)
    bad = scheduler.submit(rows(12, LENGTH, 500))
    good = scheduler.submit(rows(12, LENGTH, 600))
    engines.go.set()
    with pytest.raises(InferenceFailed):
        bad.result(30)
    assert len(good.result(30).logits) == 12
    assert len([first for first in first_ids(engines.batches) if 500 <= first < 600]) == 4


def test_a_batch_that_is_not_full_waits_for_company(engines: RowEngines) -> None:
    scheduler = make_scheduler(engines, max_batch_tokens=10_000, max_wait_ms=300.0)
    futures = [scheduler.submit(rows(2, LENGTH, 10 * i)) for i in range(1, 6)]
    for future in futures:
        future.result(30)
    assert [len(batch) for batch in engines.batches] == [10]
    assert scheduler.stop(30)


def test_a_lone_request_uses_all_workers() -> None:
    engines = RowEngines(count=2)
    scheduler = make_scheduler(engines, max_batch_tokens=4096)
    engines.go.clear()
    future = scheduler.submit(rows(50, LENGTH))
    for _ in range(2):
        assert engines.entered.acquire(timeout=30), "the second half runs beside the first"
    engines.go.set()
    assert future.result(30).logits.tolist() == expected(rows(50, LENGTH)).tolist()
    assert sorted(count for count, _ in engines.shapes) == [25, 25]
    assert len(engines.threads) == 2
    assert scheduler.stop(30)
    assert engines.closed == 2


def test_stop_finishes_what_every_worker_has(engines: RowEngines) -> None:
    engines = RowEngines(count=3)
    scheduler = make_scheduler(engines, max_batch_tokens=BUDGET)
    occupy(scheduler, engines)
    queued = [scheduler.submit(rows(9, LENGTH, 100 * i)) for i in range(1, 6)]
    assert not scheduler.stop(0.1)
    with pytest.raises(ShuttingDown):
        scheduler.submit([row(1, 2)])
    engines.go.set()
    assert scheduler.stop(30)
    assert all(len(future.result(0).logits) == 9 for future in queued)
    assert not scheduler.alive


def test_what_happens_is_counted(engines: RowEngines) -> None:
    metrics = Metrics()
    scheduler = make_scheduler(engines, metrics, max_batch_tokens=BUDGET, cache_rows=10)
    scheduler.submit(rows(3, LENGTH)).result(30)
    scheduler.submit([*rows(3, LENGTH), row(70, 1), row(70, 1)]).result(30)
    assert scheduler.stop(30)
    text = metrics.text().decode()
    for outcome, count in (("computed", 4), ("cached", 3), ("joined", 1)):
        assert f'ranking_rows_total{{outcome="{outcome}",ranker="cross_encoder"}} {count}.0' in text
    assert 'ranking_tokens_total{ranker="cross_encoder"} 26.0' in text
    assert 'ranking_queue_rows{ranker="cross_encoder"} 0.0' in text


class LaterClock:
    """The scheduler's clock, which can be put forward."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead_s


def test_who_would_wait_too_long_is_refused_and_knows_it_at_once(
    engines: RowEngines, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = LaterClock()
    monkeypatch.setattr("pipeline.batching.scheduler.time", clock)
    scheduler = make_scheduler(engines, max_batch_tokens=BUDGET, max_queue_ms=100.0)
    try:
        # one batch of 32 tokens takes more than 0.2 s here, so that rate is known
        engines.go.clear()
        slow = scheduler.submit(rows(4, LENGTH))
        assert engines.entered.acquire(timeout=30)
        clock.ahead_s += 0.2
        engines.go.set()
        slow.result(30)
        occupied = occupy(scheduler, engines)
        waits = scheduler.submit(rows(40, LENGTH, 100))  # nothing waits yet, so it may
        with pytest.raises(Overloaded, match=r"\d+ ms of work wait for .* at most 100 may"):
            scheduler.submit(rows(1, LENGTH, 500))
        engines.go.set()
        assert len(waits.result(30).logits) == 40
        occupied.result(30)
        assert len(scheduler.submit(rows(1, LENGTH, 500)).result(30).logits) == 1
    finally:
        engines.go.set()
        assert scheduler.stop(30)


def test_without_that_bound_anything_waits(scheduler: Scheduler, engines: RowEngines) -> None:
    occupy(scheduler, engines)
    futures = [scheduler.submit(rows(20, LENGTH, 100 * i)) for i in range(1, 5)]
    engines.go.set()
    assert all(len(future.result(30).logits) == 20 for future in futures)
