# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Times systems in rounds, in which they take turns, in another order each time.

So noise of the machine falls on all of them. A system is anything that ranks a workload once and
says how long that took.
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

from benchmarks.workload import RankCall, Workload
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
    """All rounds of one system.

    Attributes:
        pairs: of each round.
        rounds: in the order in which they were taken.
    """

    pairs: int
    rounds: list[Round] = field(default_factory=list)

    def pairs_per_s(self, *, tokenizing: bool = True) -> list[float]:
        """By round; empty when the system cannot tell its tokenizing apart."""
        times = [r.seconds if tokenizing else r.compute_s for r in self.rounds]
        return [self.pairs / seconds for seconds in times if seconds]

    def latency_ms(self, percentile: float) -> Optional[float]:
        """Of the calls of all rounds."""
        latencies = [seconds for r in self.rounds for seconds in r.latencies_s]
        return float(np.percentile(latencies, percentile)) * 1000 if latencies else None


System = Callable[[Workload], Round]
# one call to a service: the scores of its documents
Rank = Callable[[RankCall], Sequence[float]]


@dataclass(frozen=True)
class Turns:
    """What one system does in the rounds.

    Attributes:
        system: what ranks.
        workload: its share of the whole; a slow system ranks a part of it.
        rounds: how often.
    """

    system: System
    workload: Workload
    rounds: int


def run_rounds(turns: Mapping[str, Turns]) -> dict[str, Measured]:
    """Let the systems rank in turns, in another order each round."""
    names = list(turns)
    measured = {name: Measured(turns[name].workload.pairs) for name in names}
    for number in range(max((turn.rounds for turn in turns.values()), default=0)):
        shift = number % len(names)
        for name in names[shift:] + names[:shift]:
            turn = turns[name]
            if number < turn.rounds:
                time.sleep(_SETTLE_S)
                measured[name].rounds.append(turn.system(turn.workload))
    return measured


def share_of(
    workload: Workload, pairs_per_s: float, budget_s: float, clients: int, rounds: int
) -> tuple[Workload, int]:
    """How much of a workload a system can rank in a time, and in how many rounds.

    Args:
        workload: in an order in which every beginning stands for the whole.
        pairs_per_s: about what the system does.
        budget_s: for all rounds together; more where each client would else have no call.
        clients: at once.
        rounds: at most.

    Returns:
        The first calls of the workload, and the number of rounds that fit.
    """
    calls = len(workload.calls)
    wanted = pairs_per_s * budget_s / (workload.pairs / calls)
    share = min(calls, max(clients, int(wanted / rounds), 1))
    return workload.first(share), max(1, min(rounds, round(wanted / share)))


def through_service(connections: Sequence[Rank]) -> System:
    """A thread for each connection; they take the calls from one queue."""

    def system(workload: Workload) -> Round:
        todo: queue.SimpleQueue[int] = queue.SimpleQueue()
        for index in range(len(workload.calls)):
            todo.put(index)
        scores: Scores = [[] for _ in workload.calls]
        latencies = [0.0] * len(workload.calls)
        errors: list[BaseException] = []

        def work(rank: Rank) -> None:
            try:
                while True:
                    index = todo.get_nowait()
                    call = workload.calls[index]
                    start = time.perf_counter()
                    found = rank(call)
                    latencies[index] = time.perf_counter() - start
                    scores[index] = list(found)
            except queue.Empty:
                return
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=work, args=(rank,)) for rank in connections]
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]
        return Round(time.perf_counter() - start, scores, None, tuple(latencies))

    return system


def check_agreement(reference: Round, given: Round, name: str, tolerance: float) -> float:
    """Compare the scores of two systems over one workload.

    Returns:
        The largest difference seen.

    Raises:
        InferenceFailed: it is above ``tolerance``; no time of such a system means anything.
    """
    first, second = _flat(reference.scores), _flat(given.scores)
    difference = float(np.abs(second - first).max()) if first.shape == second.shape else np.inf
    if not difference <= tolerance:
        raise InferenceFailed(
            f"its scores differ by {difference:.1e}, allowed {tolerance:.0e}; it was not timed",
            field=name,
        )
    return difference


def _flat(scores: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    return np.array([score for call in scores for score in call], dtype=np.float64)
