# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Chooses the fastest engine that scores the golden pairs as at export: ``engine: auto``.

A choice is kept on disk for the next start, which opens the chosen engine only.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from contract.errors import RankingError, SetUpError
from pipeline.engines.cache import EngineCache
from pipeline.engines.candidates import Candidate
from pipeline.engines.engine import Engine, Feed
from pipeline.engines.golden import CheckedSource, GoldenPairs

_LOGGER = logging.getLogger(__name__)

_KIND = "choice"
# how long an engine is timed; a batch begun within it is finished
_TIMED_S = 0.4


class AutoSource:
    """Chooses among candidates when its first engine is opened; see :class:`EngineSource`."""

    def __init__(
        self,
        ranker: str,
        candidates: Sequence[Candidate],
        golden: GoldenPairs,
        cache: EngineCache,
        facts: Mapping[str, Any],
        max_tokens: int,
    ) -> None:
        """Bind what to choose from.

        Args:
            ranker: for the log.
            candidates: at least one, the likely fastest first.
            golden: what each has to score, and is timed on.
            cache: where choices are kept.
            facts: what a choice depends on: bundle, machine, packages, keys.
            max_tokens: padded tokens of a batch.
        """
        self._ranker = ranker
        self._golden = golden
        self._cache = cache
        self._max_tokens = max_tokens
        self._sources = {
            candidate.name: CheckedSource(
                candidate.source, candidate.name, candidate.precision, golden
            )
            for candidate in candidates
        }
        self._facts = {**facts, "candidates": list(self._sources)}
        self._choosing = threading.Lock()
        self._chosen: Optional[CheckedSource] = None

    @property
    def count(self) -> int:
        """How many engines to run side by side; known once the first open() has returned."""
        return self._chosen.count if self._chosen else 1

    @property
    def summary(self) -> str:
        """What was chosen and checked; known once the first open() has returned."""
        return self._chosen.summary if self._chosen else ""

    def open(self) -> Engine:
        """Open an engine of the chosen candidate; the first call chooses.

        Raises:
            SetUpError: no candidate loads and scores as at export.
        """
        with self._choosing:
            if self._chosen is None:
                return self._open_first()
        return self._chosen.open()

    def _open_first(self) -> Engine:
        if len(self._sources) == 1:
            (source,) = self._sources.values()
            engine = source.open()
            self._chosen = source
            return engine
        with self._cache.exclusive():
            return self._open_remembered() or self._open_fastest()

    def _open_remembered(self) -> Optional[Engine]:
        kept = self._cache.read(_KIND, self._facts)
        name = kept.decode("utf-8", errors="replace") if kept else ""
        if name not in self._sources:
            return None
        try:
            engine = self._sources[name].open()
        except SetUpError as error:
            _LOGGER.warning("%s: %s, chosen before, fails: %s", self._ranker, name, error)
            self._cache.discard(_KIND, self._facts)
            return None
        self._chosen = self._sources[name]
        _LOGGER.info("%s: %s, as chosen before", self._ranker, name)
        return engine

    def _open_fastest(self) -> Engine:
        """Time every candidate; at most two are open at once."""
        batches = self._golden.batches(self._max_tokens)
        best: Optional[Engine] = None
        best_rate, best_name, failures = 0.0, "", []
        for name, source in self._sources.items():
            engine: Optional[Engine] = None
            try:
                engine = source.open()
                rate = pairs_per_second(source, engine, batches)
            except RankingError as error:
                _LOGGER.info("%s: %s cannot be used: %s", self._ranker, name, error)
                failures.append(f"{name}: {error}")
                rate = 0.0
            else:
                _LOGGER.info("%s: %s; %.0f pairs/s", self._ranker, source.summary, rate)
            if rate > best_rate:
                best, best_rate, best_name, engine = engine, rate, name, best
            if engine is not None:
                engine.close()
        if best is None:
            raise SetUpError(f"no engine can run {self._ranker}: {'; '.join(failures)}")
        self._chosen = self._sources[best_name]
        _LOGGER.info("%s: chose %s, the fastest", self._ranker, best_name)
        self._cache.write(_KIND, self._facts, best_name.encode())
        return best


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
