# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The part of a ranker op whose services tokenize and score: texts out, logits in.

No scheduler is asked: the services batch the rows of all their callers, and bound what waits.
"""

from __future__ import annotations

import time
from contextlib import nullcontext
from typing import Optional, Union

import numpy as np

from contract.errors import (
    CallerGone,
    DeadlineExceeded,
    InferenceFailed,
    Overloaded,
    RankingError,
    RequestError,
)
from pipeline.batching.job import Scored
from pipeline.dag.messages import Encoded, RankerLogits
from pipeline.engines.remote.texts import RemoteTexts, TextLogits
from pipeline.request.route import Target
from pipeline.request.spans import Attribute, JobTrace, Span, Spans
from pipeline.request.trace import computing
from pipeline.telemetry.ranker_metrics import RankerMetrics


class RemoteRanker:
    """Scores the texts of one request; any thread may call it."""

    def __init__(self, ranker: str, texts: RemoteTexts, metrics: RankerMetrics) -> None:
        """Bind the services.

        Args:
            ranker: for errors.
            texts: which they take.
            metrics: of the ranker.
        """
        self._ranker = ranker
        self._texts = texts
        self._metrics = metrics

    def __call__(
        self,
        encoded: Encoded,
        target: Target,
        deadline: Optional[float],
        traced: Optional[JobTrace],
    ) -> RankerLogits:
        """Have them scored; an error is a result, but for one of the request.

        Raises:
            RequestError: the services cannot take the texts.
        """
        start = time.monotonic()
        got: Union[TextLogits, RankingError]
        with computing(traced.compute) if traced is not None else nullcontext():
            try:
                got = self._scored(encoded, deadline)
            except RequestError:
                raise
            except RankingError as error:
                got = error
        self._count(got)
        spans = _spans(target, traced, start, got) if traced is not None else ()
        if isinstance(got, RankingError):
            return RankerLogits(encoded, {target: got}, spans)
        scored = Scored(got.logits, got.queue_ms, got.compute_ms, got.rows, got.tokenize_ms)
        return RankerLogits(encoded, {target: scored}, spans)

    def _scored(self, encoded: Encoded, deadline: Optional[float]) -> TextLogits:
        arrival = encoded.call.arrival
        try:
            got = self._texts.score(encoded.call.request, deadline, arrival.cancel)
        except CallerGone:
            raise
        except DeadlineExceeded as error:
            if deadline is None:
                raise
            raise DeadlineExceeded(
                f"{self._ranker} did not answer within the time allowed"
            ) from error
        wrong = ~np.isfinite(got.logits).reshape(len(got.logits), -1).all(axis=1)
        if wrong.any():
            raise InferenceFailed(
                f"{self._ranker} returns NaN or infinity for this row; run it in fp32, or export a "
                "checkpoint that did not diverge",
                field=f"logits[{int(wrong.argmax())}]",
            )
        return got

    def _count(self, got: Union[TextLogits, RankingError]) -> None:
        if isinstance(got, Overloaded):
            self._metrics.refused.inc()
        elif isinstance(got, InferenceFailed):
            self._metrics.failed.inc()
        elif isinstance(got, TextLogits):
            tokens = sum(len(row.input_ids) for row in got.rows.rows)
            self._metrics.queue_seconds.observe(got.queue_ms / 1000.0)
            self._metrics.ran(len(got.rows.rows), tokens, tokens, got.compute_ms / 1000.0)


def _spans(
    target: Target, traced: JobTrace, start: float, got: Union[TextLogits, RankingError]
) -> Spans:
    """One span: what the service did when is not told."""
    about: dict[str, Attribute] = {"ranker": target.ranker, "bundle": target.bundle}
    error = got.code if isinstance(got, RankingError) else ""
    if isinstance(got, TextLogits):
        tokens = sum(len(row.input_ids) for row in got.rows.rows)
        about.update(rows=len(got.rows.rows), tokens=tokens)
    return (Span("compute", traced.compute, start, time.monotonic(), about, error=error),)
