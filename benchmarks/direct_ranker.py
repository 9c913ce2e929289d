# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The yardstick of the benchmark: an engine at its best, in this process, without a service.

The rows of all calls are sorted by length into batches; tokenizing counts.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from benchmarks.workload import RankCall
from contract.bundle import Bundle
from contract.bundle.golden import RunFeed
from contract.encoding import Row

# rows of one batch after sorting: small enough that its rows have about one length
_SORTED_ROWS = 16


class DirectTimes(NamedTuple):
    """Seconds that one pass took."""

    tokenize_s: float
    compute_s: float


class DirectRanker:
    """One bundle's encoder and engines in this process."""

    def __init__(self, bundle: Bundle, runs: Sequence[RunFeed]) -> None:
        """Bind the engines.

        Args:
            bundle: whose encoder and score function are used.
            runs: feed to logits, one for each thread that computes; a lone one is called in the
                caller's thread.
        """
        self.bundle = bundle
        self.encoder = bundle.encoder()
        self._runs = list(runs)

    def sorted_by_length(self, calls: Sequence[RankCall]) -> tuple[list[float], DirectTimes]:
        """Batches of rows of about one length, over all the calls given.

        Returns:
            Scores in the order of the calls and of their documents, and the times.
        """
        start = time.perf_counter()
        rows = [row for call in calls for row in self.encoder.encode(call.query, call.documents)]
        encoded = time.perf_counter()
        scores = self._scores(rows)
        return scores, DirectTimes(encoded - start, time.perf_counter() - encoded)

    def _scores(self, rows: Sequence[Row]) -> list[float]:
        scores = np.empty(len(rows), dtype=np.float32)
        # taken by whichever thread is free, the longest rows first
        todo = _batches(rows)

        def work(run: RunFeed) -> None:
            for indices in iter(lambda: next(todo, None), None):
                logits = run(self.encoder.pad([rows[i] for i in indices]))
                scores[indices] = self.bundle.score(logits)

        if len(self._runs) == 1:
            work(self._runs[0])
        else:
            with ThreadPoolExecutor(len(self._runs)) as pool:
                list(pool.map(work, self._runs))
        return [float(score) for score in scores]


def _batches(rows: Sequence[Row]) -> Iterator[list[int]]:
    order = sorted(range(len(rows)), key=lambda i: len(rows[i].input_ids), reverse=True)
    # a list's iterator, unlike a generator, may be shared by threads
    return iter([order[i : i + _SORTED_ROWS] for i in range(0, len(order), _SORTED_ROWS)])
