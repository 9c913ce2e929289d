# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Times engines on the golden pairs, all engines of a source side by side.

Called for each candidate of ``engine: auto``, in a process of its own (``time_candidates``).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import NamedTuple, Optional

from contract.errors import RankingError
from pipeline.engines.engine import Engine, Feed
from pipeline.engines.golden import CheckedSource

# how long an engine is timed; a batch begun within it is finished
_TIMED_S = 0.4


class Timed(NamedTuple):
    """What timing a candidate told.

    Attributes:
        name: of the candidate.
        rate: pairs a second; 0 when it cannot be used.
        said: what was checked, or why it cannot be used.
    """

    name: str
    rate: float
    said: str


def time_candidate(name: str, source: CheckedSource, batches: Sequence[Feed]) -> Timed:
    """Open the engines of one candidate, check and time them, and close them again."""
    try:
        engine = source.open()
        try:
            return Timed(name, pairs_per_second(source, engine, batches), source.summary)
        finally:
            engine.close()
    except RankingError as error:
        return Timed(name, 0.0, str(error))


def pairs_per_second(source: CheckedSource, engine: Engine, batches: Sequence[Feed]) -> float:
    """How fast all engines of a source together run ``batches``.

    Args:
        source: opens the engines beside ``engine``, each in a thread that ends again.
        engine: opened by the calling thread.
        batches: run round and round.

    Raises:
        RankingError: an engine does not open, or fails.
    """
    runs = [_Run(batches) for _ in range(source.count)]
    beside = [threading.Thread(target=run.guarded, args=(source,), daemon=True) for run in runs[1:]]
    for thread in beside:
        thread.start()
    for run in runs[1:]:
        run.warm.wait()
    try:
        runs[0].warm_up(engine)
    finally:
        for run in runs:
            run.go.set()
    runs[0].timed(engine)
    for thread in beside:
        thread.join()
    for run in runs:
        if run.error is not None:
            raise run.error
    return sum(run.rate for run in runs)


class _Run:
    """One engine's part of a measurement."""

    def __init__(self, batches: Sequence[Feed]) -> None:
        self._batches = batches
        self.warm, self.go = threading.Event(), threading.Event()
        self.rate = 0.0
        self.error: Optional[Exception] = None

    def guarded(self, source: CheckedSource) -> None:
        """In a thread of its own: open an engine, run, and keep what goes wrong."""
        try:
            engine = source.open()
            try:
                self.warm_up(engine)
                self.warm.set()
                self.go.wait()
                self.timed(engine)
            finally:
                engine.close()
        except Exception as error:
            self.error = error
        finally:
            self.warm.set()

    def warm_up(self, engine: Engine) -> None:
        """Run every batch once: an engine prepares each new shape."""
        for batch in self._batches:
            engine.run(batch)

    def timed(self, engine: Engine) -> None:
        """Run batches, at least one, until the time is over."""
        start = now = time.perf_counter()
        rows = place = 0
        while now < start + _TIMED_S:
            batch = self._batches[place % len(self._batches)]
            engine.run(batch)
            rows += len(next(iter(batch.values())))
            place += 1
            now = time.perf_counter()
        self.rate = rows / (now - start)
