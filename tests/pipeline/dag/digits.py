# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A cascade before a graph that scores by digits, and calls of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Optional

import numpy as np

from contract.errors import RankingError, RequestTooLarge
from contract.rankers import CASCADE, CROSS_ENCODER, PAIRWISE
from contract.scoring import rank_order, sigmoid
from contract.wire.request import RankRequest
from contract.wire.response import Ranking, RankResponse
from pipeline.dag.cascade import CascadeGraph
from pipeline.request.call import Arrival, Call
from pipeline.request.cancel import Cancel
from pipeline.request.outcome import Outcome
from pipeline.request.route import Target
from pipeline.routing.plan import Plan
from pipeline.routing.router import Router
from pipeline.routing.stages import CascadePlan, Stage
from pipeline.telemetry.metrics import Metrics

CHEAP, DEAR = Target(PAIRWISE, "p"), Target(CROSS_ENCODER, "c")
CASCADED = Target(CASCADE, "v")
TIMES = {"tokenize": 1.0, "queue": 2.0, "compute": 3.0}


class Digits:
    """A graph whose rankers score a document by the digits that stand in it.

    The pair-wise ranker reads the first digit, the cross-encoder the second.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[Target, Sequence[str], Optional[float]]] = []
        self.failures: dict[Target, RankingError] = {}
        self.doubts: dict[Target, tuple[str, ...]] = {}
        self.most = 1000

    def call(self, call: Call) -> Outcome:
        assert call.route is not None
        (target,) = call.route.targets
        titles = [title for _, title in call.request.pairs]
        self.asked.append((target, titles, call.arrival.deadline))
        if target in self.failures:
            return Outcome(self.failures[target], call.route)
        if len(titles) > self.most:
            return Outcome(RequestTooLarge("too many tokens", field="documents"), call.route)
        place = 0 if target == CHEAP else 1
        logits = tuple(float(title[place]) for title in titles)
        ranking = Ranking(
            target.ranker,
            target.bundle,
            tuple(sigmoid(np.array(logits)).tolist()),
            tuple(rank_order(logits)),
            logits,
        )
        return Outcome(
            RankResponse(
                (ranking,),
                tokens=10 * len(titles),
                truncated=(0,),
                timings_ms=TIMES,
                doubts=self.doubts.get(target, ()),
            ),
            call.route,
        )

    def dead(self) -> list[str]:
        return ["an op"]

    def stopped(self) -> list[str]:
        return ["a process"]


def cascade(
    graph: Digits,
    *stages: Stage,
    max_s: Optional[float] = None,
    metrics: Optional[Metrics] = None,
    longest_row: int = 512,
) -> CascadeGraph:
    router = Router(Plan(CHEAP, {PAIRWISE: CHEAP, CROSS_ENCODER: DEAR, CASCADE: CASCADED}))
    plan = CascadePlan(stages or TWO, max_s, CASCADED)
    return CascadeGraph(graph, plan, router, metrics or Metrics(), longest_row)


TWO = (Stage(PAIRWISE, CHEAP, 2), Stage(CROSS_ENCODER, DEAR))


def call(
    titles: Sequence[str], deadline: Optional[float] = None, cancel: Optional[Cancel] = None
) -> Call:
    request = RankRequest(tuple(("q", title) for title in titles), request_id="id")
    arrival = Arrival("http", "ranker", time.monotonic(), deadline=deadline, cancel=cancel)
    return Call(request, arrival, asked=(CASCADE,))


def answered(outcome: Outcome) -> RankResponse:
    assert isinstance(outcome.result, RankResponse)
    return outcome.result
