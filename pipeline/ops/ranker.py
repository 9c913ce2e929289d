# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A ranker op: token rows in, logits out. One for each ranker, side by side in the DAG."""

from __future__ import annotations

import time
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Optional

from contract.errors import DeadlineExceeded
from pipeline.ops.messages import Call, Encoded, RankerLogits
from pipeline.scheduler import Scheduler


class Rank:
    """Hands the rows of one request to the ranker's scheduler and waits for the logits."""

    def __init__(self, ranker: str, scheduler: Scheduler, timeout_s: Optional[float]) -> None:
        """Bind the scheduler.

        Args:
            ranker: whose rows to take.
            scheduler: shared by all threads of this op.
            timeout_s: longest wait for one request; ``None`` waits for ever.
        """
        self._ranker = ranker
        self._scheduler = scheduler
        self._timeout_s = timeout_s

    def __call__(self, encoded: Encoded) -> RankerLogits:
        """Score the rows, or pass at once when the call asks for another ranker.

        Raises:
            RankingError: Overloaded, InferenceFailed, ShuttingDown or DeadlineExceeded.
        """
        facts = (
            self._ranker,
            encoded.call,
            encoded.tokens,
            encoded.truncated,
            encoded.tokenize_ms,
        )
        if self._ranker not in encoded.call.rankers:
            return RankerLogits(*facts)
        now = time.monotonic()
        deadline = self._deadline(encoded.call, now)
        future = self._scheduler.submit(encoded.rows[self._ranker], deadline)
        wait_s = None if deadline is None else max(0.0, deadline - now)
        try:
            scored = future.result(wait_s)
        except FutureTimeout as error:
            future.cancel()
            raise DeadlineExceeded(
                f"{self._ranker} did not answer within {wait_s:.3g} s"
            ) from error
        return RankerLogits(*facts, scored.logits, scored.queue_ms, scored.compute_ms)

    def _deadline(self, call: Call, now: float) -> Optional[float]:
        """The earlier of what the caller and what the configuration allow."""
        if self._timeout_s is None:
            return call.deadline
        own = now + self._timeout_s
        return own if call.deadline is None else min(own, call.deadline)
