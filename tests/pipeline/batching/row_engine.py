# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""An engine for the scheduler's tests, whose logits are a row's own numbers in whatever batch.

With it come what opens it, rows to feed it, and a scheduler on it.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, Optional

import numpy as np

from contract.encoding import INPUT_IDS, TOKEN_TYPE_IDS, Row
from pipeline.batching.scheduler import Scheduler
from pipeline.engines.engine import Feed, Logits
from pipeline.settings.service import SchedulerConfig
from pipeline.telemetry.metrics import Metrics

RANKER = "cross_encoder"


def row(*ids: int) -> Row:
    """A row of these ids, none of them 0; the second half is the title."""
    types = [int(2 * i >= len(ids)) for i in range(len(ids))]
    return Row(np.array(ids, dtype=np.int64), np.array(types, dtype=np.int64), False)


def rows(count: int, length: int = 4, start: int = 1) -> list[Row]:
    """So many rows of one length, all different, and different for another ``start``."""
    return [row(start + i, *range(1, length)) for i in range(count)]


def pad(wanted: Sequence[Row], multiple: int = 1) -> Feed:
    longest = max(len(r.input_ids) for r in wanted)
    shape = (len(wanted), -(-longest // multiple) * multiple)
    feed = {name: np.zeros(shape, dtype=np.int64) for name in (INPUT_IDS, TOKEN_TYPE_IDS)}
    for i, r in enumerate(wanted):
        feed[INPUT_IDS][i, : len(r.input_ids)] = r.input_ids
        feed[TOKEN_TYPE_IDS][i, : len(r.input_ids)] = r.token_type_ids
    return feed


def expected(wanted: Sequence[Row]) -> Logits:
    """What the engine answers to these rows."""
    return np.concatenate([_logits(pad([r])) for r in wanted])


def _logits(feed: Feed) -> Logits:
    ids = feed[INPUT_IDS]
    places = np.arange(1, ids.shape[1] + 1)
    types = (feed[TOKEN_TYPE_IDS] * places).sum(axis=1)
    return np.stack([(ids * places).sum(axis=1), types], axis=1).astype(np.float32)


class RowEngines:
    """Opens engines that keep their batches, wait when told to, and fail on one id."""

    def __init__(self, count: int = 1) -> None:
        self.count = count
        self.batches: list[list[int]] = []
        self.shapes: list[tuple[int, ...]] = []
        self.threads: set[int] = set()
        self.closed = 0
        self.go = threading.Event()
        self.go.set()
        self.entered = threading.Semaphore(0)
        self.poison = -1
        self.error: Exception = RuntimeError("poisoned")

    def open(self) -> _RowEngine:
        return _RowEngine(self)


class _RowEngine:
    def __init__(self, source: RowEngines) -> None:
        self._source = source
        self._thread = threading.get_ident()

    def run(self, feed: Feed) -> Logits:
        source = self._source
        assert threading.get_ident() == self._thread, "an engine belongs to one thread"
        source.entered.release()
        source.go.wait(30)
        source.threads.add(self._thread)
        source.shapes.append(feed[INPUT_IDS].shape)
        source.batches.append([int(first) for first in feed[INPUT_IDS][:, 0]])
        if (feed[INPUT_IDS] == source.poison).any():
            raise source.error
        return _logits(feed)

    def close(self) -> None:
        assert threading.get_ident() == self._thread
        self._source.closed += 1


def make_scheduler(
    source: RowEngines, metrics: Optional[Metrics] = None, version: str = "1", **keys: Any
) -> Scheduler:
    """A started scheduler with these keys of its configuration."""
    scheduler = Scheduler(
        RANKER, version, source, pad, SchedulerConfig(**keys), (metrics or Metrics()).of(RANKER)
    )
    scheduler.start()
    return scheduler


def occupy(scheduler: Scheduler, source: RowEngines) -> Any:
    """A request that keeps one engine busy until ``go``."""
    source.go.clear()
    future = scheduler.submit([row(999_999, 1)])
    assert source.entered.acquire(timeout=30)
    return future
