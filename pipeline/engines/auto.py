# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Chooses the fastest engine that scores the golden pairs as at export: ``engine: auto``.

A choice is kept on disk for the next start, which opens the chosen engine only. The candidates are
timed in another process where there is one: what they load there does not stay in the service.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Callable, Optional

from contract.errors import SetUpError
from pipeline.engines.cache import EngineCache
from pipeline.engines.candidates import Candidate
from pipeline.engines.engine import Engine
from pipeline.engines.golden import CheckedSource, GoldenPairs
from pipeline.engines.timing import Timed, time_candidate
from pipeline.states.store import StateStore

_LOGGER = logging.getLogger(__name__)

_KIND = "choice"

# times the candidates of these names, one after the other
Measure = Callable[[Sequence[str]], Iterator[Timed]]


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
        measure: Optional[Measure] = None,
    ) -> None:
        """Bind what to choose from.

        Args:
            ranker: for the log.
            candidates: at least one, the likely fastest first.
            golden: what each has to score, and is timed on.
            cache: where choices are kept.
            facts: what a choice depends on: bundle, machine, packages, keys.
            max_tokens: padded tokens of a batch.
            measure: times the candidates; ``None``: :meth:`measured` does, in this process.
        """
        self._ranker = ranker
        self._golden = golden
        self._cache = cache
        self._max_tokens = max_tokens
        self._measure = measure or self.measured
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

    @property
    def states(self) -> Optional[StateStore]:
        """The store of what was chosen; known then, too."""
        return self._chosen.states if self._chosen else None

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
        """Have every candidate timed, and open the fastest that opens here as well."""
        failures: list[str] = []
        usable: list[Timed] = []
        for timed in self._measure(list(self._sources)):
            if timed.rate > 0.0:
                _LOGGER.info("%s: %s; %.0f pairs/s", self._ranker, timed.said, timed.rate)
                usable.append(timed)
            else:
                failures.append(self._cannot_be_used(timed.name, timed.said))
        for name, _, _ in sorted(usable, key=lambda timed: -timed.rate):
            source = self._sources[name]
            try:
                engine = source.open()
            except SetUpError as error:
                failures.append(self._cannot_be_used(name, str(error)))
                continue
            self._chosen = source
            _LOGGER.info("%s: chose %s, the fastest", self._ranker, name)
            self._cache.write(_KIND, self._facts, name.encode())
            return engine
        raise SetUpError(f"no engine can run {self._ranker}: {'; '.join(failures)}")

    def _cannot_be_used(self, name: str, reason: str) -> str:
        _LOGGER.info("%s: %s cannot be used: %s", self._ranker, name, reason)
        return f"{name}: {reason}"

    def measured(self, names: Sequence[str]) -> Iterator[Timed]:
        """Time candidates in this process, one after the other."""
        batches = self._golden.batches(self._max_tokens)
        for name in names:
            yield time_candidate(name, self._sources[name], batches)
