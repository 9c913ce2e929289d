# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A ranker op: token rows in, logits out. One for each ranker, side by side in the DAG."""

from __future__ import annotations

from concurrent.futures import TimeoutError as FutureTimeout
from typing import Optional

from contract.errors import DeadlineExceeded
from pipeline.ops.messages import Encoded, RankerLogits
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
        future = self._scheduler.submit(encoded.rows[self._ranker])
        try:
            scored = future.result(self._timeout_s)
        except FutureTimeout as error:
            future.cancel()
            raise DeadlineExceeded(
                f"{self._ranker} did not answer within {self._timeout_s:g} s"
            ) from error
        return RankerLogits(*facts, scored.logits, scored.queue_ms, scored.compute_ms)
