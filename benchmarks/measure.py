# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Measures systems that have been started: compares their scores, then times them in turns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Callable, Optional

from benchmarks.candidates import HTTP, IN_PROCESS, OURS, TOLERANCES, Candidate, LeftOut
from benchmarks.rounds import Measured, Round, Turns, check_agreement, run_rounds, share_of
from benchmarks.single_calls import Growth, Idle, measure_growth, measure_idle
from benchmarks.workload import Workload
from contract.errors import InferenceFailed, RankingError

# calls that every system ranks before any is timed
_COMPARED_CALLS = 2


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    Attributes:
        clients: numbers of clients at once.
        rounds: passes of each system, at most.
        budget_s: for all rounds of one line of the table.
        idle_calls: calls of one document.
        long_documents: of the long call; 0 leaves it out.
        short_documents: of the calls it is compared with.
    """

    clients: Sequence[int]
    rounds: int
    budget_s: float
    idle_calls: int
    long_documents: int
    short_documents: int = 50


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    candidate: Candidate
    clients: int
    difference: float
    measured: Measured

    @property
    def pairs_per_s(self) -> float:
        """Median over the rounds."""
        return median(self.measured.pairs_per_s())


@dataclass
class Outcome:
    """Everything measured.

    Attributes:
        rows: in the order of the table.
        left_out: what is not in it.
        memory_mb: resident and at the peak, by ``system`` and ``way``.
        idle: of our services, by name.
        growth: of our fastest service by HTTP, and its name.
    """

    rows: list[Row] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    memory_mb: dict[str, tuple[float, float]] = field(default_factory=dict)
    idle: dict[str, Idle] = field(default_factory=dict)
    growth: Optional[tuple[str, Growth]] = None


@dataclass(frozen=True)
class Compared:
    """A system whose scores are right."""

    candidate: Candidate
    difference: float
    pairs_per_s: float


def compare(
    candidates: Sequence[Candidate], workload: Workload, outcome: Outcome
) -> list[Compared]:
    """Let every system rank the first calls; also warms every system up.

    Those whose scores are not those of the first, or who fail, go to ``outcome.left_out``.

    Raises:
        InferenceFailed: one in fp32 of our own has other scores: nothing is worth timing.
    """
    few = workload.first(_COMPARED_CALLS)
    reference: Optional[Round] = None
    compared = []
    for candidate in candidates:
        try:
            given = candidate.open(1)(few)
            reference = reference or given
            tolerance = TOLERANCES[candidate.precision]
            difference = check_agreement(reference, given, candidate.name, tolerance)
        except InferenceFailed as error:
            if candidate.owner == OURS and candidate.precision == "fp32":
                raise
            outcome.left_out.append(LeftOut(candidate.name, error.message))
            continue
        except RankingError as error:
            outcome.left_out.append(LeftOut(candidate.name, str(error)))
            continue
        compared.append(Compared(candidate, difference, few.pairs / given.seconds))
    return compared


def measure(
    candidates: Sequence[Candidate],
    workload: Workload,
    plan: Plan,
    outcome: Outcome,
    tell: Callable[[str], None],
) -> None:
    """Fill ``outcome``."""
    tell(f"comparing the scores of {len(candidates)} systems")
    compared = compare(candidates, workload, outcome)
    lines = dict(_lines(compared, plan.clients))
    turns = {}
    for name, (one, clients) in lines.items():
        share, rounds = share_of(workload, one.pairs_per_s, plan.budget_s, clients, plan.rounds)
        turns[name] = Turns(one.candidate.open(clients), share, rounds)
    tell(f"timing {len(turns)} lines, at most {plan.rounds} rounds")
    measured = run_rounds(turns)
    for name, (one, clients) in lines.items():
        outcome.rows.append(Row(one.candidate, clients, one.difference, measured[name]))
    _single_calls([one.candidate for one in compared], workload, plan, outcome, tell)
    for one in compared:
        memory = one.candidate.memory_mb
        outcome.memory_mb[one.candidate.name] = (memory(False), memory(True))


def _lines(
    compared: Sequence[Compared], clients: Sequence[int]
) -> Iterator[tuple[str, tuple[Compared, int]]]:
    """One for each number of clients; in process there is one caller."""
    for one in compared:
        for number in (1,) if one.candidate.way == IN_PROCESS else clients:
            yield f"{one.candidate.name}, {number}", (one, number)


def _single_calls(
    candidates: Sequence[Candidate],
    workload: Workload,
    plan: Plan,
    outcome: Outcome,
    tell: Callable[[str], None],
) -> None:
    served = [c for c in candidates if c.owner == OURS and c.connect is not None]
    tell("timing calls of one document" + (", and one long call" if plan.long_documents else ""))
    for candidate in served:
        if candidate.connect is not None:
            rank = candidate.connect()
            outcome.idle[candidate.name] = measure_idle(rank, workload, plan.idle_calls)
    rates = best_rates(outcome.rows)
    by_http = [c for c in served if c.way == HTTP]
    if by_http and plan.long_documents:
        fastest = max(by_http, key=lambda c: rates[c.name])
        assert fastest.connect is not None
        growth = measure_growth(
            fastest.connect(), workload, plan.long_documents, plan.short_documents
        )
        outcome.growth = fastest.name, growth


def best_rates(rows: Sequence[Row]) -> Mapping[str, float]:
    """A system's name to its best pairs/s over its numbers of clients."""
    best: dict[str, float] = {}
    for row in rows:
        name = row.candidate.name
        best[name] = max(best.get(name, 0.0), row.pairs_per_s)
    return best
