# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The scheduler on a real small engine: each row gets its own logits, whatever else happens."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contract.bundle import Bundle
from contract.encoding import PairEncoder, Row
from contract.errors import BundleError, InferenceFailed, Overloaded, ShuttingDown
from pipeline.batching.scheduler import Scheduler
from pipeline.engines.engine import Feed, Logits
from pipeline.engines.paddle import PaddleEngine
from pipeline.settings.service import LocalServiceConfig, SchedulerConfig
from pipeline.telemetry.metrics import Metrics
from tests.bundles import SENTENCES

BUDGET = 256
CONF = LocalServiceConfig(ir_optim=True, thread_num=1)


class Observed:
    """A real engine that keeps its batches' shapes, waits when told to, and fails on one token.

    Rows with another token have ``instead`` for their second logit.
    """

    count = 1

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self.shapes: list[tuple[int, ...]] = []
        self.go = threading.Event()
        self.go.set()
        self.entered = threading.Event()
        self.poison = -1
        self.spoil = -1
        self.instead = np.nan

    def open(self) -> Observed:
        """In the worker's thread."""
        self._engine = PaddleEngine(self._bundle, CONF, "op.rocketqa")
        return self

    def run(self, feed: Feed) -> Logits:
        self.entered.set()
        self.go.wait(30)
        self.shapes.append(feed["input_ids"].shape)
        if (feed["input_ids"] == self.poison).any():
            raise RuntimeError("poisoned")
        logits = self._engine.run(feed).copy()
        logits[(feed["input_ids"] == self.spoil).any(axis=1), 1] = self.instead
        return logits

    def close(self) -> None:
        self._engine.close()


@pytest.fixture(scope="module")
def bundle(bundles: Path) -> Bundle:
    return Bundle.open(bundles / "cross_encoder")


@pytest.fixture(scope="module")
def encoder(bundle: Bundle) -> PairEncoder:
    return bundle.encoder()


@pytest.fixture(scope="module")
def paddle_engine(bundle: Bundle) -> PaddleEngine:
    """For the tests' own thread."""
    return PaddleEngine(bundle, CONF, "op.rocketqa")


@pytest.fixture()
def engine(bundle: Bundle) -> Observed:
    return Observed(bundle)


def on(engine: Observed, encoder: PairEncoder, config: SchedulerConfig) -> Scheduler:
    """A scheduler, not started."""
    metrics = Metrics().of("cross_encoder")
    return Scheduler("cross_encoder", "1", engine, encoder.pad, config, metrics)


@pytest.fixture()
def scheduler(engine: Observed, encoder: PairEncoder) -> Iterator[Scheduler]:
    config = SchedulerConfig(max_batch_tokens=BUDGET, max_wait_ms=0.0, max_queue_rows=40)
    scheduler = on(engine, encoder, config)
    scheduler.start()
    yield scheduler
    engine.go.set()
    assert scheduler.stop(30)


def rows(encoder: PairEncoder, count: int, offset: int = 0) -> list[Row]:
    """Rows of many lengths, no two alike."""
    titles = [SENTENCES[(i + offset) % len(SENTENCES)][i % 5 :] for i in range(count)]
    return encoder.encode(SENTENCES[offset % len(SENTENCES)], titles)


def alone(engine: PaddleEngine, encoder: PairEncoder, wanted: Sequence[Row]) -> Any:
    return np.concatenate([engine.run(encoder.pad([row])) for row in wanted])


def occupy(scheduler: Scheduler, engine: Observed, encoder: PairEncoder) -> Future:
    """One request that keeps the engine busy until ``engine.go``."""
    engine.go.clear()
    future = scheduler.submit(rows(encoder, 1, 5))
    assert engine.entered.wait(30)
    return future


def test_logits_come_back_in_the_order_of_the_rows(
    scheduler: Scheduler, paddle_engine: PaddleEngine, encoder: PairEncoder
) -> None:
    wanted = rows(encoder, 30)
    scored = scheduler.submit(wanted).result(30)
    np.testing.assert_allclose(scored.logits, alone(paddle_engine, encoder, wanted), atol=1e-5)
    assert scored.compute_ms > 0
    assert scored.queue_ms >= 0


def test_requests_at_once_get_their_own_logits(
    engine: Observed, encoder: PairEncoder, paddle_engine: PaddleEngine
) -> None:
    config = SchedulerConfig(max_batch_tokens=8 * BUDGET, max_wait_ms=20.0, max_queue_rows=10_000)
    scheduler = on(engine, encoder, config)
    requests = [rows(encoder, 1 + i % 9, i) for i in range(60)]
    expected = [alone(paddle_engine, encoder, request) for request in requests]
    scheduler.start()
    answers: dict[int, Any] = {}

    def ask(number: int) -> None:
        answers[number] = scheduler.submit(requests[number]).result(60).logits

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(len(requests))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert scheduler.stop(30)
    for number, logits in enumerate(expected):
        np.testing.assert_allclose(answers[number], logits, atol=1e-5)
    assert len(engine.shapes) < len(requests), "small requests share batches"


def test_batches_stay_within_the_budget(
    scheduler: Scheduler, engine: Observed, encoder: PairEncoder
) -> None:
    scheduler.submit(rows(encoder, 40)).result(30)
    assert len(engine.shapes) > 1
    assert all(count * length <= BUDGET for count, length in engine.shapes)
    lengths = [length for _, length in engine.shapes]
    assert lengths == sorted(lengths, reverse=True), "rows of like length go together"


def test_a_row_longer_than_the_budget_runs_alone(encoder: PairEncoder, engine: Observed) -> None:
    config = SchedulerConfig(max_batch_tokens=8)
    scheduler = on(engine, encoder, config)
    scheduler.start()
    assert scheduler.submit(rows(encoder, 3)).result(30).logits.shape == (3, 2)
    assert all(count == 1 for count, _ in engine.shapes)
    assert scheduler.stop(30)


def test_a_full_queue_refuses_at_once_and_takes_again_later(
    scheduler: Scheduler, engine: Observed, encoder: PairEncoder
) -> None:
    busy = occupy(scheduler, engine, encoder)
    waiting = scheduler.submit(rows(encoder, 30))
    with pytest.raises(Overloaded, match=r"30 documents wait for cross_encoder already"):
        scheduler.submit(rows(encoder, 11, 1))
    last = scheduler.submit(rows(encoder, 10, 1))
    engine.go.set()
    assert [len(f.result(30).logits) for f in (busy, waiting, last)] == [1, 30, 10]
    assert len(scheduler.submit(rows(encoder, 40)).result(30).logits) == 40


def test_a_failure_fails_its_batch_only(
    scheduler: Scheduler, engine: Observed, encoder: PairEncoder
) -> None:
    good, bad = rows(encoder, 2), rows(encoder, 2, 3)
    engine.poison = int((set(bad[0].input_ids.tolist()) - set(good[0].input_ids.tolist())).pop())
    with pytest.raises(InferenceFailed, match="the engine of cross_encoder failed"):
        scheduler.submit(bad).result(30)
    engine.poison = -1
    assert scheduler.submit(good).result(30).logits.shape == (2, 2)


@pytest.mark.parametrize("instead", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_fails_its_own_request_only(
    engine: Observed, encoder: PairEncoder, paddle_engine: PaddleEngine, instead: float
) -> None:
    config = SchedulerConfig(
        max_batch_tokens=8 * BUDGET, max_wait_ms=0.0, max_padding=1.0, cache_rows=100
    )
    scheduler = on(engine, encoder, config)
    scheduler.start()
    good, bad = rows(encoder, 3), rows(encoder, 5, 2)
    others = {int(i) for row in (*good, *bad[:4], *rows(encoder, 1, 5)) for i in row.input_ids}
    engine.spoil = min(set(bad[4].input_ids.tolist()) - others)
    engine.instead = instead
    busy = occupy(scheduler, engine, encoder)
    wanted = [good, bad, [bad[4]], bad[:4]]
    futures = [scheduler.submit(request) for request in wanted]
    engine.go.set()
    busy.result(30)
    for number in (0, 3):
        got, want = futures[number].result(30).logits, alone(paddle_engine, encoder, wanted[number])
        np.testing.assert_allclose(got, want, atol=1e-5)
    for number, place in ((1, 4), (2, 0)):
        with pytest.raises(InferenceFailed, match="cross_encoder returns NaN or infinity") as found:
            futures[number].result(30)
        assert found.value.field == f"logits[{place}]"
    assert len(engine.shapes) == 2, "all in one batch"
    engine.spoil = -1
    assert np.isfinite(scheduler.submit(bad).result(30).logits).all(), "it was not remembered"
    assert scheduler.waiting_rows == 0
    assert scheduler.stop(30)


def test_a_request_with_a_wrong_row_leaves_the_queue(
    scheduler: Scheduler, engine: Observed, encoder: PairEncoder
) -> None:
    """Its other rows need more batches, which nobody waits for any more."""
    wanted = rows(encoder, 40)
    longest = max(wanted, key=lambda row: len(row.input_ids))
    engine.spoil = int(longest.input_ids[-2])
    with pytest.raises(InferenceFailed):
        scheduler.submit(wanted).result(30)
    engine.spoil = -1
    assert len(scheduler.submit(rows(encoder, 40)).result(30).logits) == 40


def test_a_caller_that_gave_up_costs_no_work(
    scheduler: Scheduler, engine: Observed, encoder: PairEncoder
) -> None:
    busy = occupy(scheduler, engine, encoder)
    given_up = scheduler.submit(rows(encoder, 5))
    kept = scheduler.submit(rows(encoder, 2))
    assert given_up.cancel()
    engine.go.set()
    busy.result(30)
    assert len(kept.result(30).logits) == 2
    assert sum(count for count, _ in engine.shapes) == 3
    assert scheduler.alive


def test_stop_finishes_what_is_queued_and_takes_no_more(
    engine: Observed, encoder: PairEncoder
) -> None:
    scheduler = on(engine, encoder, SchedulerConfig())
    scheduler.start()
    occupy(scheduler, engine, encoder)
    queued = [scheduler.submit(rows(encoder, 3)) for _ in range(4)]
    assert not scheduler.stop(0.1)
    with pytest.raises(ShuttingDown):
        scheduler.submit(rows(encoder, 1))
    engine.go.set()
    assert scheduler.stop(30)
    assert all(len(future.result(0).logits) == 3 for future in queued)
    assert not scheduler.alive


def test_an_engine_that_does_not_open_is_the_starters_to_handle(
    engine: Observed, encoder: PairEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> Observed:
        raise BundleError("damaged")

    monkeypatch.setattr(engine, "open", refuse)
    scheduler = on(engine, encoder, SchedulerConfig())
    with pytest.raises(BundleError, match="damaged"):
        scheduler.start()
    assert not scheduler.alive
