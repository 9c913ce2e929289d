# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Times calls one by one, with nothing else running: a small one, and the growth with size."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.rounds import Rank
from benchmarks.workload import RankCall, Workload

# between calls, so that each finds the service idle
_PAUSE_S = 0.02
_WARM_UP = 5


@dataclass(frozen=True)
class Idle:
    """Calls of one document, one at a time, in milliseconds."""

    calls: int
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Growth:
    """The same pairs in many short calls and in one long one, in milliseconds a pair."""

    short_documents: int
    long_documents: int
    short_ms: float
    long_ms: float

    @property
    def ratio(self) -> float:
        """1 when cost is linear."""
        return self.long_ms / self.short_ms


def measure_idle(rank: Rank, workload: Workload, calls: int) -> Idle:
    """Time calls of one document; the documents are the workload's own, in turn."""
    pairs = [RankCall(c.query, (text,)) for c in workload.calls for text in c.documents]
    taken = []
    for number in range(calls + _WARM_UP):
        time.sleep(_PAUSE_S)
        start = time.perf_counter()
        rank(pairs[number % len(pairs)])
        taken.append((time.perf_counter() - start) * 1000)
    p50, p99 = np.percentile(taken[_WARM_UP:], (50, 99))
    return Idle(calls, float(p50), float(p99))


def measure_growth(rank: Rank, workload: Workload, long: int, short: int) -> Growth:
    """Time one call of ``long`` documents and as many pairs in calls of ``short``."""
    texts = [text for call in workload.calls for text in call.documents]
    documents = [texts[i % len(texts)] for i in range(long)]
    query = workload.calls[0].query
    calls = [
        RankCall(query, tuple(documents[start : start + short])) for start in range(0, long, short)
    ]
    whole = [RankCall(query, tuple(documents))]
    rank(calls[0])
    # long, short, short, long: a machine that slows down does so for both
    passes = [(_seconds(rank, part), part is whole) for part in (whole, calls, calls, whole)]
    long_s, short_s = (
        sum(seconds for seconds, is_long in passes if is_long == wanted) for wanted in (True, False)
    )
    return Growth(short, long, short_s / (2 * long) * 1000, long_s / (2 * long) * 1000)


def _seconds(rank: Rank, calls: Sequence[RankCall]) -> float:
    start = time.perf_counter()
    for call in calls:
        rank(call)
    return time.perf_counter() - start
