# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The ranker op: has the rows of a request scored. One for each ranker, side by side in the DAG."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Optional, Union

from contract.errors import CallerGone, DeadlineExceeded, RankingError
from pipeline.batching.job import Scored
from pipeline.batching.scheduler import Scheduler
from pipeline.dag.messages import Encoded, RankerLogits
from pipeline.dag.remote_ranker import RemoteRanker
from pipeline.request.call import Call
from pipeline.request.route import Target
from pipeline.request.spans import Attribute, JobTrace, Span, Spans


class Rank:
    """Hands the rows of one request to the schedulers of its targets and waits for the logits."""

    def __init__(
        self,
        ranker: str,
        schedulers: Mapping[str, Scheduler],
        timeout_s: Optional[float],
        texts: Optional[RemoteRanker] = None,
    ) -> None:
        """Bind the schedulers.

        Args:
            ranker: whose rows to take.
            schedulers: by version of the ranker's bundles; shared by all threads of this op.
            timeout_s: longest wait for one request; ``None`` waits for ever.
            texts: scores requests of texts in place of the schedulers.
        """
        self._ranker = ranker
        self._schedulers = schedulers
        self._timeout_s = timeout_s
        self._texts = texts

    def __call__(self, encoded: Encoded) -> RankerLogits:
        """Score the rows, or pass at once when no target is a bundle of this ranker.

        An error of one target (Overloaded, InferenceFailed, ShuttingDown, DeadlineExceeded) is a
        result, since another target may have an answer.

        Raises:
            RequestError: a service that was handed the texts cannot take them.
        """
        targets = [target for target in encoded.route.targets if target.ranker == self._ranker]
        if not targets:
            return RankerLogits(encoded)
        deadline = self._deadline(encoded.call, time.monotonic())
        trace = encoded.call.trace
        traces = {} if trace is None else {target: JobTrace(trace.child()) for target in targets}
        submitted = time.monotonic()
        if self._texts is not None and encoded.call.request.tokens is None:
            (target,) = targets  # such an engine has one bundle
            return self._texts(encoded, target, deadline, traces.get(target))
        waiting = {
            target: self._submit(target, encoded, deadline, traces.get(target))
            for target in targets
        }
        cancel = encoded.call.arrival.cancel
        if cancel is not None:
            for future in waiting.values():
                if isinstance(future, Future):
                    cancel.hear(future.cancel)
        scored = {target: self._wait(future, deadline) for target, future in waiting.items()}
        spans = [
            span
            for target, traced in traces.items()
            for span in _spans(target, traced, encoded, submitted, scored[target])
        ]
        return RankerLogits(encoded, scored, tuple(spans))

    def _submit(
        self,
        target: Target,
        encoded: Encoded,
        deadline: Optional[float],
        traced: Optional[JobTrace],
    ) -> Union[Future[Scored], RankingError]:
        rows = encoded.rows[target].rows
        try:
            return self._schedulers[target.bundle].submit(rows, deadline, traced)
        except RankingError as error:
            return error

    def _wait(
        self, future: Union[Future[Scored], RankingError], deadline: Optional[float]
    ) -> Union[Scored, RankingError]:
        if isinstance(future, RankingError):
            return future
        wait_s = None if deadline is None else max(0.0, deadline - time.monotonic())
        try:
            return future.result(wait_s)
        except FutureTimeout:
            future.cancel()
            return DeadlineExceeded(f"{self._ranker} did not answer within the time allowed")
        except CancelledError:
            return CallerGone("the caller has closed its connection")
        except RankingError as error:
            return error

    def _deadline(self, call: Call, now: float) -> Optional[float]:
        """The earlier of what the caller and what the configuration allow."""
        asked = call.arrival.deadline
        if self._timeout_s is None:
            return asked
        own = now + self._timeout_s
        return own if asked is None else min(own, asked)


def _spans(
    target: Target,
    traced: JobTrace,
    encoded: Encoded,
    submitted: float,
    scored: Union[Scored, RankingError],
) -> Spans:
    """Waiting, computing, and the batches that this request tells of."""
    rows = encoded.rows[target].rows
    about: dict[str, Attribute] = {"ranker": target.ranker, "bundle": target.bundle}
    end = time.monotonic() if traced.ended is None else traced.ended
    error = scored.code if isinstance(scored, RankingError) else ""
    started = end if traced.started is None else traced.started
    assert encoded.call.trace is not None
    place, late = encoded.call.trace.child(), error if traced.started is None else ""
    queue = Span("queue", place, submitted, started, about, error=late)
    if traced.started is None:
        # all rows came from the cache, or none was ever taken into a batch
        return (queue,)
    about = {**about, "rows": len(rows), "tokens": sum(len(row.input_ids) for row in rows)}
    # read once: a batch may still end after a caller has given up
    batches, own = tuple(traced.batches), tuple(traced.spans)
    return (
        queue,
        Span("compute", traced.compute, started, end, about, batches, error),
        *own,
    )
