# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Equal rows of several requests are computed once, and each request gets its logits."""

from __future__ import annotations

import random
import threading
from concurrent.futures import Future
from typing import Any

import numpy as np
import pytest

from contract.encoding import Row
from contract.errors import InferenceFailed
from pipeline.batching.score_cache import ScoreCache, row_key
from tests.pipeline.batching.row_engine import (
    RowEngines,
    expected,
    make_scheduler,
    occupy,
    row,
    rows,
)


def computed(engines: RowEngines) -> int:
    return sum(count for count, _ in engines.shapes)


def test_a_row_that_stands_twice_in_a_request_is_computed_once() -> None:
    engines = RowEngines()
    scheduler = make_scheduler(engines)
    wanted = [*rows(3), *rows(3), *rows(1)]
    assert scheduler.submit(wanted).result(30).logits.tolist() == expected(wanted).tolist()
    assert computed(engines) == 3
    assert scheduler.stop(30)


def test_waiting_requests_share_their_rows() -> None:
    engines = RowEngines()
    scheduler = make_scheduler(engines)
    occupy(scheduler, engines)
    futures = [scheduler.submit(rows(5)) for _ in range(4)]
    engines.go.set()
    for future in futures:
        assert future.result(30).logits.tolist() == expected(rows(5)).tolist()
    assert computed(engines) == 1 + 5
    assert scheduler.stop(30)


def test_a_request_joins_rows_that_run_now() -> None:
    engines = RowEngines()
    scheduler = make_scheduler(engines)
    engines.go.clear()
    first = scheduler.submit(rows(5))
    assert engines.entered.acquire(timeout=30)
    second = scheduler.submit(rows(7))
    engines.go.set()
    assert len(first.result(30).logits) == 5
    assert second.result(30).logits.tolist() == expected(rows(7)).tolist()
    assert computed(engines) == 7
    assert scheduler.stop(30)


def test_the_cache_answers_what_was_scored_lately() -> None:
    engines = RowEngines()
    scheduler = make_scheduler(engines, cache_rows=4)
    for _ in range(3):
        logits = scheduler.submit(rows(4)).result(30).logits
        assert logits.tolist() == expected(rows(4)).tolist()
    assert computed(engines) == 4
    scheduler.submit(rows(4, start=100)).result(30)
    scheduler.submit(rows(4)).result(30)
    assert computed(engines) == 12, "the four of before had to go"
    assert scheduler.stop(30)


def test_without_a_cache_nothing_is_kept() -> None:
    engines = RowEngines()
    scheduler = make_scheduler(engines)
    for _ in range(2):
        scheduler.submit(rows(4)).result(30)
    assert computed(engines) == 8
    assert scheduler.stop(30)


def test_a_key_tells_bundles_tokens_and_token_types_apart() -> None:
    some = row(1, 2, 3, 4)
    others = [
        row(1, 2, 3, 5),
        row(1, 2, 3),
        Row(some.input_ids, 1 - some.token_type_ids, False),
    ]
    keys = {row_key(some, "1"), row_key(some, "2"), *(row_key(other, "1") for other in others)}
    assert len(keys) == 5
    assert row_key(some, "1") == row_key(row(1, 2, 3, 4), "1")


def test_the_cache_keeps_those_that_were_asked_for_last() -> None:
    cache = ScoreCache(2)
    for name in (b"a", b"b"):
        cache.put(name, np.zeros(1, dtype=np.float32))
    cache.get(b"a")
    cache.put(b"c", np.zeros(1, dtype=np.float32))
    assert [cache.get(name) is not None for name in (b"a", b"b", b"c")] == [True, False, True]


@pytest.mark.parametrize("seed", range(6))
def test_whatever_the_interleaving_every_future_gets_its_own_logits(seed: int) -> None:
    """Random requests from several threads, some cancelled, some with a row that fails."""
    chance = random.Random(seed)
    engines = RowEngines(count=1 + seed % 3)
    engines.poison = 7777
    scheduler = make_scheduler(
        engines, max_batch_tokens=96, cache_rows=[0, 30][seed % 2], max_wait_ms=float(seed % 2)
    )
    outcomes: list[tuple[list[Row], Future[Any], bool, bool]] = []

    def ask(number: int) -> None:
        mine = random.Random(100 * seed + number)
        for _ in range(25):
            wanted = [
                row(*(mine.randint(1, 6) for _ in range(mine.randint(1, 40))))
                for _ in range(mine.randint(1, 30))
            ]
            poisoned = mine.random() < 0.05
            if poisoned:
                wanted.insert(0, row(7777))
            future = scheduler.submit(wanted)
            cancelled = mine.random() < 0.1 and future.cancel()
            outcomes.append((wanted, future, cancelled, poisoned))

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(chance.randint(2, 5))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert scheduler.stop(60)
    failed = 0
    for wanted, future, cancelled, poisoned in outcomes:
        assert future.done()
        if cancelled:
            continue
        if isinstance(future.exception(), InferenceFailed):
            failed += 1
            continue
        assert not poisoned
        np.testing.assert_array_equal(future.result().logits, expected(wanted))
    # how many share a batch with a row that fails depends on the threads' turns
    assert failed < sum(not cancelled for _, _, cancelled, _ in outcomes)
