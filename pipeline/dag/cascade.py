# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Ranks by the cascade: one pass through the DAG for each stage, of fewer and fewer documents.

It stands before the DAG and is asked as the DAG is. A pass holds only the documents that the stage
scores, so that others are not even tokenized for it, and shares batches with all other requests.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import NamedTuple, Optional, Union

from contract.errors import (
    CallerGone,
    DeadlineExceeded,
    InvalidField,
    RankingError,
    RequestTooLarge,
    ServiceError,
    ShuttingDown,
)
from contract.wire.response import RankResponse
from pipeline.dag.cascade_bm25 import Bm25Stage
from pipeline.dag.cascade_cut import Cut
from pipeline.dag.cascade_progress import Progress
from pipeline.dag.sort import interleaved
from pipeline.request.call import Call
from pipeline.request.outcome import Graph, Outcome
from pipeline.request.route import Route, Target
from pipeline.request.spans import Span, Spans
from pipeline.routing.router import Router
from pipeline.routing.stages import CascadePlan
from pipeline.telemetry.metrics import Metrics

# of a caller's time, kept for merging the stages and writing the answer
_ANSWER_S = 0.01


class _Allowed(NamedTuple):
    """Until when a stage is waited for, on time.monotonic's clock, and whose time that is."""

    deadline: Optional[float]
    whose: str = ""

    def late(self, error: RankingError) -> str:
        """Whose time was over, if the error says that one was."""
        if not isinstance(error, DeadlineExceeded) or self.deadline is None:
            return ""
        return self.whose if time.monotonic() >= self.deadline else ""


class CascadeGraph:
    """A :class:`~pipeline.request.outcome.Graph` that knows one more target: the cascade."""

    def __init__(
        self, graph: Graph, plan: CascadePlan, router: Router, metrics: Metrics, longest_row: int
    ) -> None:
        """Bind the parts, and make BM25 ready.

        Args:
            graph: ranks by one bundle.
            plan: the stages.
            router: decides who scores a call that has no route yet.
            metrics: of the service.
            longest_row: most tokens that a row of the rankers takes.
        """
        self._graph = graph
        self._bm25 = Bm25Stage(longest_row)
        self._plan = plan
        self._router = router
        self._metrics = metrics

    def call(self, call: Call) -> Outcome:
        """Rank one request; blocks its thread, and never raises."""
        try:
            route = call.route or self._router.route(call.request, call.asked, call.experiment)
        except RankingError as error:
            return Outcome(error)
        routed = replace(call, route=route)
        if self._plan.target not in route.targets:
            return self._graph.call(routed)
        if route.teams:
            return self._drafted(routed, route)
        outcome = self._cascaded(routed)
        return replace(outcome, result=_of_route(outcome.result, route), route=route)

    def dead(self) -> list[str]:
        """Names of its threads and processes that have ended."""
        return self._graph.dead()

    def stopped(self) -> list[str]:
        """Names of its processes that somebody has stopped, and that may go on."""
        return self._graph.stopped()

    def _drafted(self, call: Call, route: Route) -> Outcome:
        """Both orders of an interleaving experiment, one after the other; one alone will do."""
        whole = replace(call, request=replace(call.request, top_n=None))
        outcomes = [self._of_target(whole, target) for target in route.targets]
        spans = tuple(span for outcome in outcomes for span in outcome.spans)
        answers = [o.result for o in outcomes if isinstance(o.result, RankResponse)]
        if len(answers) == len(outcomes):
            response = interleaved(answers, route, call.request)
            return Outcome(response, route, spans)
        if answers:
            alone = answers[0].rankings[0]
            shown = replace(alone, order=alone.order[: call.request.top_n])
            response = replace(answers[0], rankings=(shown,), top_n=call.request.top_n)
            return Outcome(_of_route(response, route), route, spans)
        return Outcome(outcomes[0].result, route, spans)

    def _of_target(self, call: Call, target: Target) -> Outcome:
        if target == self._plan.target:
            return self._cascaded(call)
        return self._graph.call(replace(call, route=Route((target,))))

    def _cascaded(self, call: Call) -> Outcome:
        """Stage after stage, until one fails or is late; the first one must not."""
        if call.request.tokens is not None:
            return Outcome(
                InvalidField(
                    "a cascade ranks texts, since its stages tokenize them differently; send "
                    "texts, or name a ranker",
                    field="input_ids",
                )
            )
        started = time.monotonic()
        progress = Progress(call.request)
        spans: Spans = ()
        last = Outcome(ServiceError("the cascade has no stage"))
        for number, stage in enumerate(self._plan.stages):
            if stage.target is None:
                begun = time.monotonic()
                try:
                    progress.bm25(self._bm25(call))
                except RankingError as error:
                    return Outcome(error)
                spans += _bm25_span(call, begun)
                self._metrics.stage_scored(number, stage.ranker, len(progress.order))
                continue
            allowed = self._allowed(call, number, started)
            for cut in progress.cuts(self._plan.stages[number - 1] if number else None):
                last = self._pass(call, stage.target, cut, allowed.deadline)
                spans += last.spans
                if not isinstance(last.result, RequestTooLarge):
                    break
            if isinstance(last.result, RankResponse):
                progress.scored(stage, cut, last.result)
                self._metrics.stage_scored(number, stage.ranker, len(cut.documents))
            elif number and _can_be_dropped(last.result, call):
                self._drop_from(number, progress, last.result, allowed)
                break
            else:
                return replace(last, spans=spans)
        return Outcome(
            progress.response(self._plan.target), None, spans, list(last.key), list(last.value)
        )

    def _drop_from(
        self, number: int, progress: Progress, error: RankingError, allowed: _Allowed
    ) -> None:
        """This stage and all after it do not score."""
        late = allowed.late(error)
        for place, stage in enumerate(self._plan.stages[number:], number):
            progress.dropped(stage, error, late)
            self._metrics.stage_dropped(place, stage.ranker, error.code)

    def _pass(self, call: Call, target: Target, cut: Cut, deadline: Optional[float]) -> Outcome:
        """One stage; one that is not the first is not begun with when its time is over."""
        asked = call.arrival.deadline
        if deadline != asked and deadline is not None and time.monotonic() >= deadline:
            return Outcome(DeadlineExceeded(f"no time is left for {target.ranker}"))
        return self._graph.call(
            replace(
                call,
                request=call.request.part(cut.documents),
                arrival=call.arrival._replace(deadline=deadline),
                route=Route((target,), is_stage=True),
            )
        )

    def _allowed(self, call: Call, number: int, started: float) -> _Allowed:
        """Until when a stage is waited for; the first has all the time that the caller has."""
        asked = call.arrival.deadline
        if not number:
            return _Allowed(asked)
        bounds = [] if asked is None else [_Allowed(asked - _ANSWER_S, "the caller's time")]
        if self._plan.max_s is not None:
            bounds.append(_Allowed(started + self._plan.max_s, "max_ms of the cascade"))
        return min(bounds, default=_Allowed(None))


def _can_be_dropped(error: RankingError, call: Call) -> bool:
    """Whether the answer of the stages before is worth more than the error."""
    cancel = call.arrival.cancel
    if cancel is not None and cancel.gone:
        return False
    return isinstance(error, ServiceError) and not isinstance(error, (ShuttingDown, CallerGone))


def _of_route(
    result: Union[RankResponse, RankingError], route: Route
) -> Union[RankResponse, RankingError]:
    if isinstance(result, RankingError):
        return result
    return replace(result, experiment=route.experiment, variant=route.variant)


def _bm25_span(call: Call, begun: float) -> Spans:
    if call.trace is None:
        return ()
    return (Span("bm25", call.trace.child(), begun, time.monotonic()),)
