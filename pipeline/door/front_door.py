# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A service name and raw fields in, an answer out: validate, bound, run the DAG, log, record.

Both edges, RPC and HTTP, come through here, so that they differ in transport only.
"""

from __future__ import annotations

import contextlib
import logging
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from traceback import format_tb
from typing import Callable, Optional

from contract.errors import (
    CallerGone,
    DeadlineExceeded,
    InvalidField,
    Overloaded,
    RankingError,
    RequestError,
    ServiceError,
    ShuttingDown,
    UnknownService,
)
from contract.exposure import Feedback
from contract.request import BOTH, RANKER_CHOICES, Limits, RankRequest
from contract.response import RankResponse
from contract.wire_values import check_choice
from pipeline.dag.graph import Dag
from pipeline.dag.messages import Call
from pipeline.dag.paddle_op import Entry, Outcome
from pipeline.door.admission import Gate, Ticket
from pipeline.records.recorder import Recorder
from pipeline.records.shadow import Shadow
from pipeline.request.exchange import Answer, Ask, Done
from pipeline.request.route import Route
from pipeline.request.trace import Trace
from pipeline.settings.service import OP_OF_RANKER, ServiceConfig
from pipeline.telemetry.metrics import Metrics, ranker_label
from pipeline.telemetry.recent_traffic import NO_LINE, Line
from pipeline.telemetry.request_log import facts_of, log_request
from pipeline.telemetry.request_span import RequestSpan
from pipeline.telemetry.tracer import Tracer

_LOGGER = logging.getLogger(__name__)

DEFAULT_SERVICE = "ranker"
FEEDBACK_SERVICE = "feedback"
RANKER_HEADER = "x-ranker"
_WRONG_NAME = "Failed to inference: Service name error."


class FrontDoor:
    """Answers requests; used by many threads at once."""

    def __init__(
        self,
        config: ServiceConfig,
        gate: Gate,
        dag: Dag,
        metrics: Metrics,
        recorder: Recorder,
        shadow: Shadow,
        tracer: Tracer,
    ) -> None:
        """Bind the running DAG, the gate before it, and what counts and records requests."""
        self._dag = dag
        self._recorder = recorder
        self._shadow = shadow
        self._tracer = tracer
        self._metrics = metrics
        self._gate = gate
        metrics.watch_in_flight(lambda: gate.in_flight)
        self._limits = config.limits.of_request()
        self._rankers = config.rankers
        self._tries = config.dag.retry
        self._services = {OP_OF_RANKER[ranker]: ranker for ranker in config.rankers}
        self._services[DEFAULT_SERVICE] = ""

    @property
    def limits(self) -> Limits:
        """What a request may hold."""
        return self._limits

    @property
    def services(self) -> tuple[str, ...]:
        """The names under which the service answers."""
        return tuple(self._services)

    def check(self, size: int) -> None:
        """Refuse a request whose body has so many bytes, if it cannot be taken now."""
        with self._counted():
            self._gate.check(size)

    def enter(self, size: int) -> Ticket:
        """Take one request, or refuse it at once; :meth:`answer` must follow, with the ticket."""
        with self._counted():
            return self._gate.enter(size)

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        """Count what the gate refuses."""
        try:
            yield
        except RankingError as error:
            if isinstance(error, Overloaded):
                self._metrics.turned_away.inc()
            self._metrics.answered("?", error.err_no, None)
            self._metrics.traffic.ended(NO_LINE, error.http_status, 0.0)
            raise

    def leave(self, ticket: Ticket) -> None:
        """For a request that was taken and cannot be handed to :meth:`answer`."""
        self._gate.leave(ticket)

    def refuse(self, error: RequestError, ticket: Ticket) -> Answer:
        """Answer a request that was taken and turned out to be unreadable."""
        self._gate.leave(ticket)
        self._metrics.answered("?", error.err_no, None)
        self._metrics.traffic.ended(NO_LINE, error.http_status, 0.0)
        log_request(facts_of("?", "", 0, 0, Outcome(error), 0.0))
        return Answer.of_error(error)

    def answer(self, ask: Ask) -> Answer:
        """Answer one request that was taken, in the shape of Paddle Serving's wire.

        Blocks its thread; never raises.
        """
        done = self.done(ask)
        return Answer.of_outcome(done.outcome, done.request_id)

    def done(self, ask: Ask) -> Done:
        """Answer one request that was taken; blocks its thread, and never raises."""
        start = time.monotonic()
        documents, request_id, log_id, served = 0, ask.request_id, 0, False
        span = RequestSpan(self._tracer, ask.origin)
        try:
            try:
                ranker = self._ranker_of(ask.service)
                request, profile, log_id = ask.read()
                documents = request.documents
                request_id = request.request_id or ask.request_id or uuid.uuid4().hex
                request = replace(request, request_id=request_id)
                header = check_choice(ask.ranker or None, RANKER_HEADER, RANKER_CHOICES)
                asked = self._asked(ranker, ask.service, request.ranker or header)
                route = Route((ask.target,)) if ask.target else None
                call = Call(request, asked, ask.deadline, route, ask.experiment, ask.cancel)
                call = replace(call, trace=span.sampled) if span.sampled else call
                outcome = self._run(Entry(call, profile), span)
                served = isinstance(outcome.result, RankResponse)
                outcome = _accepted(ask, outcome)
                if not ask.dry_run:
                    self._record(request, outcome, time.monotonic() - start, span.sampled)
            except RankingError as error:
                outcome = Outcome(error)
            except Exception as error:
                _log_failure("a request", error)
                outcome = Outcome(ServiceError("the service failed; its log says why"))
        finally:
            if ask.ticket is not None:
                self._gate.leave(ask.ticket, served=served)
        name = ask.service if ask.service in self._services else "?"
        seconds = time.monotonic() - start
        with _unfailing("the end of a request"):
            self._metrics.answered(name, outcome.err_no, seconds)
            self._count(outcome, seconds, ask.dry_run)
            facts = facts_of(name, request_id, log_id, documents, outcome, seconds)
            log_request({**facts, **span.ids})
            span.end(facts, outcome)
        return Done(request_id, outcome)

    def _count(self, outcome: Outcome, seconds: float, dry_run: bool) -> None:
        """Count the end of a request; a dry run counts as one that is in no experiment."""
        result, route = outcome.result, None if dry_run else outcome.route
        experiment, variant = (route.experiment, route.variant) if route else ("", "")
        if isinstance(result, RankResponse):
            ranker = ranker_label(result)
            self._metrics.ranked(replace(result, experiment=experiment, variant=variant), seconds)
        else:
            ranker = "+".join(dict.fromkeys(t.ranker for t in route.targets)) if route else ""
        status = result.http_status if isinstance(result, RankingError) else 200
        self._metrics.traffic.ended(Line(experiment, variant, ranker), status, seconds)

    def feedback(self, read: Callable[[], Feedback]) -> Answer:
        """Keep what a caller says of an answer it got.

        Args:
            read: decodes and validates it.
        """
        start = time.monotonic()
        try:
            if self._gate.closed is not None:
                raise ShuttingDown(self._gate.closed)
            feedback = read()
            self._recorder.feedback(feedback)
            answer = Answer(key=["request_id"], value=[feedback.request_id])
        except RankingError as error:
            answer = Answer.of_error(error)
        seconds = time.monotonic() - start if answer.err_no == 0 else None
        self._metrics.answered(FEEDBACK_SERVICE, answer.err_no, seconds)
        return answer

    def _ranker_of(self, service: str) -> str:
        if service not in self._services:
            raise UnknownService(_WRONG_NAME)
        return self._services[service]

    def _asked(self, ranker: str, service: str, asked: Optional[str]) -> tuple[str, ...]:
        """Which rankers the caller names, the default first; none leaves it to the router."""
        if ranker:
            if asked not in (None, ranker):
                raise InvalidField(
                    f"the service {service} answers with {ranker} only; ask {DEFAULT_SERVICE}",
                    field="ranker",
                )
            return (ranker,)
        if asked is None:
            return ()
        if asked == BOTH and len(self._rankers) > 1:
            return self._rankers
        if asked not in self._rankers:
            raise InvalidField(
                f"{asked} is not served here; served: {', '.join(self._rankers)}", field="ranker"
            )
        return (asked,)

    def _run(self, entry: Entry, span: RequestSpan) -> Outcome:
        """Run the DAG, again after a timeout if dag.retry says so, and then with the fallback."""
        for _ in range(self._tries):
            outcome = span.saw(self._dag.call(entry))
            if not isinstance(outcome.result, DeadlineExceeded):
                break
        route, deadline = outcome.route, entry.call.deadline
        failed = isinstance(outcome.result, ServiceError)
        if not failed or isinstance(outcome.result, (ShuttingDown, CallerGone)):
            return outcome
        if route is None or not route.can_fall_back:
            return outcome
        if deadline is not None and time.monotonic() >= deadline:
            return outcome
        call = replace(entry.call, route=route.fallen_back())
        return span.saw(self._dag.call(replace(entry, call=call)))

    def _record(
        self, request: RankRequest, outcome: Outcome, seconds: float, trace: Optional[Trace]
    ) -> None:
        """Tell the experiments what was shown; what fails here fails no request."""
        route, result = outcome.route, outcome.result
        if route is None or not route.experiment:
            return
        with _unfailing("a record"):
            self._recorder.exposed(request, outcome, seconds)
            if route.shadow is not None and isinstance(result, RankResponse):
                self._shadow.offer(request, route, result.rankings[0], trace)


@contextlib.contextmanager
def _unfailing(what: str) -> Iterator[None]:
    """What fails in here is logged, and fails no request."""
    try:
        yield
    except Exception as error:
        _log_failure(what, error)


def _log_failure(what: str, error: Exception) -> None:
    """Its place in the code, without its message: that may quote the request."""
    place = "".join(format_tb(error.__traceback__))
    _LOGGER.error("%s failed with %s at\n%s", what, type(error).__name__, place)


def _accepted(ask: Ask, outcome: Outcome) -> Outcome:
    if ask.accept is None or not isinstance(outcome.result, RankResponse):
        return outcome
    try:
        ask.accept(outcome.result)
    except RankingError as error:
        return replace(outcome, result=error)
    return outcome
