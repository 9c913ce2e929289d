# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The span of one request at the edge, which all others of it are below. Used by the front door."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Optional

from contract.errors import RankingError
from pipeline.dag.paddle_op import Outcome
from pipeline.request.exchange import Origin
from pipeline.request.spans import Span
from pipeline.request.trace import Trace
from pipeline.telemetry.tracer import Tracer

# of what the log says of a request; none is a text of it
_ATTRIBUTES = (
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


class RequestSpan:
    """Collects the spans of one request and hands them on at its end."""

    def __init__(self, tracer: Tracer, origin: Origin) -> None:
        """Begin; whether it is sampled is decided here."""
        self._tracer = tracer
        self._origin = origin
        self._trace = tracer.begin(origin.traceparent, origin.tracestate)
        self._start = origin.received or time.monotonic()
        self._below: list[Span] = []

    @property
    def sampled(self) -> Optional[Trace]:
        """The span's place when it is kept, else ``None``."""
        return self._trace if self._trace is not None and self._trace.sampled else None

    @property
    def ids(self) -> Mapping[str, str]:
        """For the log; empty with tracing off."""
        if self._trace is None:
            return {}
        return {
            "trace_id": f"{self._trace.trace_id:032x}",
            "span_id": f"{self._trace.span_id:016x}",
        }

    def saw(self, outcome: Outcome) -> Outcome:
        """Keep the spans of one try, and pass its outcome on."""
        self._below.extend(outcome.spans)
        return outcome

    def end(self, facts: Mapping[str, Any], outcome: Outcome) -> None:
        """The request is answered; ``facts`` are those of its line in the log."""
        trace = self.sampled
        if trace is None:
            return
        about = {name: facts[name] for name in _ATTRIBUTES if name in facts}
        about["edge"] = self._origin.edge
        result = outcome.result
        error = result.code if isinstance(result, RankingError) else ""
        end = time.monotonic()
        own = Span("rank", trace, self._start, end, about, error=error, incoming=True)
        self._tracer.add((own, *self._below))
