# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Ranks one request for whichever edge it came in by: RPC and HTTP differ in transport only.

Asks the DAG, and again where the configuration or an experiment's fallback says so; records what an
experiment showed; tells the observer how it ended.
"""

from __future__ import annotations

import time
from dataclasses import replace

from contract.errors import (
    CallerGone,
    DeadlineExceeded,
    RankingError,
    RequestTooLarge,
    ServiceError,
    ShuttingDown,
)
from contract.wire.response import RankResponse
from pipeline.door.admission import Ticket
from pipeline.door.services import Services
from pipeline.records.recorder import Recorder
from pipeline.records.shadow import Shadow
from pipeline.request.call import Arrival, Call, WholeTexts
from pipeline.request.outcome import Graph, Outcome
from pipeline.telemetry.failures import log_failure
from pipeline.telemetry.request_observer import RequestObserver


class FrontDoor:
    """Answers requests that were let in; used by many threads at once."""

    def __init__(
        self,
        services: Services,
        graph: Graph,
        tries: int,
        observer: RequestObserver,
        recorder: Recorder,
        shadow: Shadow,
    ) -> None:
        """Bind the parts.

        Args:
            services: under whose names it answers.
            graph: ranks.
            tries: how often to ask the graph when it is not done in time.
            observer: is told how each request ended.
            recorder: keeps what experiments showed.
            shadow: scores again what an experiment says.
        """
        self._services = services
        self._graph = graph
        self._tries = tries
        self._observer = observer
        self._recorder = recorder
        self._shadow = shadow

    def rank(self, call: Call, ticket: Ticket) -> Outcome:
        """Rank one request that was let in; blocks its thread, and never raises.

        Args:
            call: the request.
            ticket: of it; is told when the request was scored.
        """
        trace = self._observer.begin(call.arrival) if self._observer.traces else None
        try:
            asked = self._services.asked(call.arrival.service, call.request.ranker, call.ranker)
            sampled = trace if trace is not None and trace.sampled else None
            routed = replace(call, asked=asked, trace=sampled)
            outcome = self._run(routed)
            ticket.served = isinstance(outcome.result, RankResponse)
            if call.whole_texts is not None:
                outcome = _refuse_cut(call.whole_texts, outcome)
            if not call.arrival.dry_run and outcome.route is not None and outcome.route.experiment:
                self._record(routed, outcome, time.monotonic() - ticket.begun)
        except RankingError as error:
            outcome = Outcome(error)
        except Exception as error:
            outcome = _unexpected(error)
        self._observer.ended(call.arrival, call, outcome, trace, ticket.begun)
        return outcome

    def refuse(self, arrival: Arrival, error: Exception, ticket: Ticket) -> Outcome:
        """Answer a request that was let in and could not be read.

        Args:
            arrival: of the request.
            error: why; of what is not a RankingError the caller hears no word.
            ticket: of the request.
        """
        outcome = Outcome(error) if isinstance(error, RankingError) else _unexpected(error)
        trace = self._observer.begin(arrival) if self._observer.traces else None
        self._observer.ended(arrival, None, outcome, trace, ticket.begun)
        return outcome

    def _run(self, call: Call) -> Outcome:
        """Ask the graph, again after a timeout if dag.retry says so, and then the fallback."""
        outcome = self._graph.call(call)
        for _ in range(self._tries - 1):
            if not isinstance(outcome.result, DeadlineExceeded):
                break
            outcome = _after(outcome, self._graph.call(call))
        if not isinstance(outcome.result, ServiceError):
            return outcome
        if isinstance(outcome.result, (ShuttingDown, CallerGone)):
            return outcome
        route = outcome.route
        if route is None or not route.can_fall_back:
            return outcome
        deadline = call.arrival.deadline
        if deadline is not None and time.monotonic() >= deadline:
            return outcome
        return _after(outcome, self._graph.call(replace(call, route=route.fallen_back())))

    def _record(self, call: Call, outcome: Outcome, seconds: float) -> None:
        """Tell the experiments what was shown; what fails here fails no request."""
        try:
            self._recorder.exposed(call.request, outcome, seconds)
            route, result = outcome.route, outcome.result
            if route is not None and route.shadow is not None and isinstance(result, RankResponse):
                self._shadow.offer(call.request, route, result.rankings[0], call.trace)
        except Exception as error:
            log_failure("a record", error)


def _after(first: Outcome, second: Outcome) -> Outcome:
    """The second try's outcome, with the spans of both."""
    return replace(second, spans=first.spans + second.spans) if first.spans else second


def _refuse_cut(whole: WholeTexts, outcome: Outcome) -> Outcome:
    """Refuse an answer in which a text was cut, whose caller takes none."""
    result = outcome.result
    if not isinstance(result, RankResponse):
        return outcome
    if result.query_cut:
        refusal = RequestTooLarge(
            "it has more tokens than the model takes beside these texts; shorten it, "
            f"or leave {whole.option} out",
            field="query",
        )
    elif result.truncated:
        count = len(result.rankings[0].scores)
        refusal = RequestTooLarge(
            f"{len(result.truncated)} of {count} texts have more tokens than the model takes; "
            f"shorten them, or leave {whole.option} out",
            field=whole.field,
        )
    else:
        return outcome
    return replace(outcome, result=refusal)


def _unexpected(error: Exception) -> Outcome:
    log_failure("a request", error)
    return Outcome(ServiceError("the service failed; its log says why"))
