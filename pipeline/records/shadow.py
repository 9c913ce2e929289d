# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Has another ranker score requests that were answered, and records how far the two agree.

A few threads send them through the DAG once more, to the shadow's target alone, after the caller
has its answer. What they cannot keep up with is dropped and counted.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from dataclasses import replace
from typing import NamedTuple, Optional

from contract.errors import RankingError, ServiceError
from contract.experiments.records import ShadowComparison
from contract.wire.request import RankRequest
from contract.wire.response import Ranking
from pipeline.records.agreement import agreement
from pipeline.records.recorder import Recorder
from pipeline.request.call import Arrival, Call
from pipeline.request.outcome import Graph
from pipeline.request.route import Route
from pipeline.request.spans import Span
from pipeline.request.trace import Trace
from pipeline.telemetry.metrics import Metrics
from pipeline.telemetry.tracer import Tracer

_LOGGER = logging.getLogger(__name__)
# requests that wait, for each thread
_QUEUE = 8
_DEADLINE_S = 10.0


class _Task(NamedTuple):
    request: RankRequest
    route: Route
    answered: Ranking
    trace: Optional[Trace]


class Shadow:
    """Scores requests again, by who did not answer them."""

    def __init__(
        self, graph: Graph, recorder: Recorder, metrics: Metrics, tracer: Tracer, threads: int
    ) -> None:
        """Bind what ranks; :meth:`start` starts so many threads."""
        self._graph = graph
        self._recorder = recorder
        self._metrics = metrics
        self._tracer = tracer
        self._queue: queue.Queue[Optional[_Task]] = queue.Queue(threads * _QUEUE)
        self._threads = [
            threading.Thread(target=self._run, name=f"shadow-{i}", daemon=True)
            for i in range(threads)
        ]
        self._stopping = False

    def start(self) -> None:
        """Begin to score."""
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_s: float) -> None:
        """Take no more, and finish what is being scored."""
        self._stopping = True
        end = time.monotonic() + timeout_s
        while True:
            try:
                if self._queue.get_nowait() is not None:
                    self._metrics.shadowed("dropped")
            except queue.Empty:
                break
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    def offer(
        self,
        request: RankRequest,
        route: Route,
        answered: Ranking,
        trace: Optional[Trace] = None,
    ) -> None:
        """Score a request by its route's shadow, when a thread is free.

        Args:
            request: answered already.
            route: with a shadow.
            answered: what is compared with.
            trace: the request's span, when it is traced.
        """
        if self._stopping:
            return
        try:
            self._queue.put_nowait(_Task(request, route, answered, trace))
        except queue.Full:
            self._metrics.shadowed("dropped")

    def _run(self) -> None:
        while True:
            task = self._queue.get()
            if task is None:
                return
            try:
                self._score(task)
            except Exception as error:
                _LOGGER.error("a shadow failed with %s", type(error).__name__)
                self._metrics.shadowed("failed")

    def _score(self, task: _Task) -> None:
        route = task.route
        assert route.shadow is not None
        # all scores are compared, whatever the caller asked to see
        request = replace(task.request, top_n=None, return_documents=False)
        trace = task.trace.child() if task.trace else None
        start = time.monotonic()
        arrival = Arrival("shadow", "", start, deadline=start + _DEADLINE_S)
        call = Call(request, arrival, route=Route((route.shadow,)), trace=trace)
        outcome = self._graph.call(call)
        result, seconds = outcome.result, time.monotonic() - start
        if trace is not None:
            about = {"ranker": route.shadow.ranker, "bundle": route.shadow.bundle}
            code = result.code if isinstance(result, RankingError) else ""
            span = Span("shadow", trace, start, start + seconds, about, error=code)
            self._tracer.add((span, *outcome.spans))
        record = ShadowComparison(
            time.time(),
            request.request_id,
            route.experiment,
            route.variant,
            route.shadow_variant,
            task.answered.ranker,
            task.answered.bundle,
            route.shadow.ranker,
            route.shadow.bundle,
            documents=len(request.pairs),
            shadow_ms=seconds * 1000.0,
        )
        if isinstance(result, RankingError):
            self._metrics.shadowed("failed")
            error: RankingError = result
            self._recorder.record(replace(record, err_no=error.err_no or ServiceError.err_no))
            return
        figures = agreement(task.answered, result.rankings[0])
        self._metrics.shadowed("incomplete" if figures.incomplete else "scored")
        self._recorder.record(replace(record, **figures._asdict()))
