# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Systems and a workload in, scores and times by round out. Called by benchmarks.run.

A system is anything that ranks the whole workload once and says how long that took. Systems take
turns, in another order each round, so that noise of the machine falls on all of them.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Callable, Optional

import numpy as np
from numpy.typing import NDArray

from benchmarks.direct import DirectRanker, DirectTimes
from benchmarks.workload import RankCall, Workload
from clients.ranker_client import RankerClient
from contract.errors import InferenceFailed

# idle threads of a math library spin this long before they sleep and leave the cores to the next
_SETTLE_S = 0.3

Scores = list[list[float]]


@dataclass(frozen=True)
class Round:
    """One pass over the workload.

    Attributes:
        seconds: from the first call to the last answer, tokenizing included.
        compute_s: without tokenizing; ``None`` where only the service could tell.
        latencies_s: of each call; empty where calls were not kept apart.
        scores: by call, in the order of its documents.
    """

    seconds: float
    scores: Scores
    compute_s: Optional[float] = None
    latencies_s: tuple[float, ...] = ()


@dataclass
class Measured:
    """All rounds of one system."""

    rounds: list[Round] = field(default_factory=list)

    def pairs_per_s(self, pairs: int, *, tokenizing: bool = True) -> list[float]:
        """By round; empty when the system cannot tell its tokenizing apart."""
        times = [r.seconds if tokenizing else r.compute_s for r in self.rounds]
        return [pairs / seconds for seconds in times if seconds]

    def latency_ms(self, percentile: float) -> Optional[float]:
        """Of the calls of all rounds."""
        latencies = [seconds for r in self.rounds for seconds in r.latencies_s]
        return float(np.percentile(latencies, percentile)) * 1000 if latencies else None


System = Callable[[Workload], Round]


def run_rounds(
    systems: Mapping[str, System], workload: Workload, rounds: int
) -> dict[str, Measured]:
    """Let every system rank the workload ``rounds`` times, in turns."""
    names = list(systems)
    measured = {name: Measured() for name in names}
    for number in range(rounds):
        shift = number % len(names)
        for name in names[shift:] + names[:shift]:
            time.sleep(_SETTLE_S)
            measured[name].rounds.append(systems[name](workload))
    return measured


def padded(direct: DirectRanker) -> System:
    """Each call is one batch, padded as its documents come."""
    return _one_by_one(direct.as_they_come)


def sorted_by_call(direct: DirectRanker) -> System:
    """Each call's rows are sorted by length into batches."""
    return _one_by_one(lambda call: direct.sorted_by_length([call]))


def sorted_over_all(direct: DirectRanker) -> System:
    """The rows of the whole workload are sorted by length: no caller could wait for that."""

    def system(workload: Workload) -> Round:
        start = time.perf_counter()
        flat, times = direct.sorted_by_length(workload.calls)
        seconds = time.perf_counter() - start
        rest = iter(flat)
        scores = [[next(rest) for _ in call.documents] for call in workload.calls]
        return Round(seconds, scores, times.compute_s)

    return system


def _one_by_one(rank: Callable[[RankCall], tuple[list[float], DirectTimes]]) -> System:
    def system(workload: Workload) -> Round:
        answers = [rank(call) for call in workload.calls]
        latencies = tuple(sum(times) for _, times in answers)
        return Round(
            sum(latencies),
            [scores for scores, _ in answers],
            sum(times.compute_s for _, times in answers),
            latencies,
        )

    return system


def through_service(connections: Sequence[RankerClient], ranker: str) -> System:
    """A thread for each connection; they take the calls from one queue."""

    def system(workload: Workload) -> Round:
        todo: queue.SimpleQueue[int] = queue.SimpleQueue()
        for index in range(len(workload.calls)):
            todo.put(index)
        scores: Scores = [[] for _ in workload.calls]
        latencies = [0.0] * len(workload.calls)
        errors: list[BaseException] = []

        def work(client: RankerClient) -> None:
            try:
                while True:
                    index = todo.get_nowait()
                    call = workload.calls[index]
                    start = time.perf_counter()
                    result = client.rank(call.query, call.documents, ranker=ranker)
                    latencies[index] = time.perf_counter() - start
                    scores[index] = list(result.scores)
            except queue.Empty:
                return
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=work, args=(client,)) for client in connections]
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]
        return Round(time.perf_counter() - start, scores, None, tuple(latencies))

    return system


def check_agreement(systems: Mapping[str, System], workload: Workload, tolerance: float) -> float:
    """Let every system rank the workload once and compare all scores with the first system's.

    Also warms every system up.

    Returns:
        The largest difference seen.

    Raises:
        InferenceFailed: it is above ``tolerance``; no time of such systems means anything.
    """
    worst = 0.0
    first: Optional[NDArray[np.float64]] = None
    for name, system in systems.items():
        scores = _flat(system(workload).scores)
        if first is None:
            first = scores
        difference = float(np.abs(scores - first).max()) if scores.shape == first.shape else np.inf
        if not difference <= tolerance:
            raise InferenceFailed(
                f"its scores differ from those of {next(iter(systems))} by {difference:.1e}, "
                f"allowed {tolerance:.0e}; nothing was timed",
                field=name,
            )
        worst = max(worst, difference)
    return worst


def _flat(scores: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    return np.array([score for call in scores for score in call], dtype=np.float64)
