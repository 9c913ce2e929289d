# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Told once how each request ended; tells metrics, recent traffic, the log and the trace of it."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any, Optional

from contract.errors import Overloaded, RankingError
from contract.wire.response import RankResponse
from pipeline.request.call import Arrival, Call
from pipeline.request.outcome import Outcome
from pipeline.request.spans import Span
from pipeline.request.trace import Trace
from pipeline.telemetry.failures import log_failure
from pipeline.telemetry.metrics import Metrics
from pipeline.telemetry.recent_traffic import NO_LINE, Line
from pipeline.telemetry.request_log import log_request
from pipeline.telemetry.tracer import Tracer

_UNKNOWN = "?"
# of a request's facts, those that its span has too; none is a text of it
_OF_SPAN = (
    "service",
    "ranker",
    "bundle",
    "experiment",
    "variant",
    "documents",
    "tokens",
    "truncated",
    "request_id",
    "log_id",
    "err_no",
)


class RequestObserver:
    """Used by many threads at once; nothing that fails here fails a request.

    Attributes:
        traces: whether requests may be traced.
    """

    def __init__(self, services: Collection[str], metrics: Metrics, tracer: Tracer) -> None:
        """Bind who is told.

        Args:
            services: names that may stand in a label; others are counted as ``?``.
            metrics: of the service, and its recent traffic.
            tracer: takes spans.
        """
        self._services = frozenset(services)
        self._metrics = metrics
        self._tracer = tracer
        self.traces = tracer.on

    def begin(self, arrival: Arrival) -> Optional[Trace]:
        """The place of a request's span; ``None`` with tracing off."""
        return self._tracer.begin(arrival.traceparent, arrival.tracestate)

    def turned_away(self, error: RankingError) -> None:
        """A request was refused before it was let in."""
        if isinstance(error, Overloaded):
            self._metrics.turned_away.inc()
        self._metrics.ended(_UNKNOWN, NO_LINE, error, None)

    def ended(
        self,
        arrival: Arrival,
        call: Optional[Call],
        outcome: Outcome,
        trace: Optional[Trace],
        start: float,
    ) -> None:
        """A request that was let in is answered.

        Args:
            arrival: of the request.
            call: the request; ``None``: it could not be read.
            outcome: its end.
            trace: as :meth:`begin` gave it.
            start: when it was begun with, on time.monotonic's clock.
        """
        try:
            now = time.monotonic()
            service = arrival.service if arrival.service in self._services else _UNKNOWN
            line = _line(outcome, in_experiment=not arrival.dry_run)
            self._metrics.ended(service, line, outcome.result, now - start)
            facts = _facts(service, arrival, call, outcome, now - start)
            if trace is not None:
                ids = {"trace_id": f"{trace.trace_id:032x}", "span_id": f"{trace.span_id:016x}"}
                self._trace(arrival, outcome, trace, facts, start)
                facts.update(ids)
            log_request(facts)
        except Exception as error:
            log_failure("the end of a request", error)

    def _trace(
        self, arrival: Arrival, outcome: Outcome, trace: Trace, facts: dict[str, Any], start: float
    ) -> None:
        """Hand the spans of a request on, its own first, when it is sampled."""
        if not trace.sampled:
            return
        about = {name: facts[name] for name in _OF_SPAN if name in facts}
        about["edge"] = arrival.edge
        result = outcome.result
        error = result.code if isinstance(result, RankingError) else ""
        begun, end = arrival.received or start, time.monotonic()
        own = Span("rank", trace, begun, end, about, error=error, incoming=True)
        self._tracer.add((own, *outcome.spans))


def _line(outcome: Outcome, *, in_experiment: bool) -> Line:
    """Whose request it was; a dry run counts as one that is in no experiment."""
    route, result = outcome.route if in_experiment else None, outcome.result
    experiment, variant = (route.experiment, route.variant) if route else ("", "")
    if isinstance(result, RankResponse):
        rankers = [ranking.ranker for ranking in result.rankings]
    else:
        rankers = [target.ranker for target in route.targets] if route else []
    return Line(experiment, variant, "+".join(dict.fromkeys(rankers)))


def _facts(
    service: str, arrival: Arrival, call: Optional[Call], outcome: Outcome, seconds: float
) -> dict[str, Any]:
    """What the log says of a request: no text of it."""
    result, route = outcome.result, outcome.route
    facts: dict[str, Any] = {
        "service": service,
        "documents": call.request.documents if call is not None else 0,
        "err_no": result.err_no if isinstance(result, RankingError) else 0,
        "ms": round(seconds * 1000.0, 1),
        "request_id": call.request.request_id if call is not None else arrival.request_id,
        "log_id": call.log_id if call is not None else 0,
    }
    if isinstance(result, RankResponse):
        facts["ranker"] = "+".join([ranking.ranker for ranking in result.rankings])
        facts["bundle"] = "+".join([ranking.bundle for ranking in result.rankings])
        facts["tokens"] = result.tokens
        facts["truncated"] = len(result.truncated)
        for name, ms in result.timings_ms.items():
            facts[f"{name}_ms"] = round(ms, 1)
    if route is not None and route.experiment:
        facts.update(experiment=route.experiment, variant=route.variant)
    return facts
