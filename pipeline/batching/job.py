# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The rows of one request in a scheduler: which still wait, and which logits have come.

Its caller waits on a Future. Not safe between threads: the scheduler's lock guards all of this.
"""

from __future__ import annotations

from concurrent.futures import Future
from typing import NamedTuple, Optional

import numpy as np

from contract.encoding import Row, Rows
from pipeline.engines.engine import Logits
from pipeline.request.spans import JobTrace


class Scored(NamedTuple):
    """What a request gets back.

    Attributes:
        logits: ``[N, width]`` in the order of the rows.
        queue_ms: from submission to the start of its first batch.
        compute_ms: from there to the end of its last batch.
        rows: what a remote engine made of the texts that it was handed; ``None``: the rows are
            those that this process made.
        tokenize_ms: that it took for that.
    """

    logits: Logits
    queue_ms: float
    compute_ms: float
    rows: Optional[Rows] = None
    tokenize_ms: float = 0.0


class WantedRow:
    """One distinct row to compute, and everyone who wants its logits.

    Attributes:
        key: what makes it distinct, see pipeline.batching.score_cache.
        row: the tokens.
        length: number of tokens.
        takers: requests, and the places in them, that get the logits.
        waiting: whether no batch has taken it yet.
    """

    __slots__ = ("key", "length", "row", "takers", "waiting")

    def __init__(self, key: bytes, row: Row) -> None:
        """A row that nobody has asked for yet."""
        self.key = key
        self.row = row
        self.length = len(row.input_ids)
        self.takers: list[tuple[Job, int]] = []
        self.waiting = True


class Job:
    """One request.

    Attributes:
        future: the caller's; never marked as running before its end, so that a caller can cancel
            it at any time.
        deadline: when nobody waits for it any more, on time.monotonic's clock.
        works: rows of it that wait, longest first; some may have been taken meanwhile.
        traced: takes its times; ``None``: it is not traced.
    """

    def __init__(
        self,
        rows: int,
        submitted: float,
        deadline: Optional[float],
        traced: Optional[JobTrace] = None,
    ) -> None:
        """A request of so many rows."""
        self.traced = traced
        self.future: Future[Scored] = Future()
        self.submitted = submitted
        self.deadline = deadline
        self.works: list[WantedRow] = []
        self._started: Optional[float] = None
        self._missing = rows
        self._rows = rows
        self._logits: Optional[Logits] = None

    @property
    def open(self) -> bool:
        """Whether its caller still waits for an answer."""
        return not self.future.done()

    def start(self, now: float) -> bool:
        """A batch with a row of it begins; whether that is the first, which ends its waiting."""
        if self._started is not None:
            return False
        self._started = now
        if self.traced is not None:
            self.traced.started = now
        return True

    def add(self, place: int, logits: Logits) -> bool:
        """Take the logits of one row; whether that was the last one."""
        if self._logits is None:
            self._logits = np.empty((self._rows, len(logits)), dtype=np.float32)
        self._logits[place] = logits
        self._missing -= 1
        return self._missing == 0

    def finish(self, now: float) -> None:
        """Hand everything over, unless the caller has gone."""
        if self._logits is None or not self._claim():
            return
        started = self.submitted if self._started is None else self._started
        if self.traced is not None:
            self.traced.ended = now
        self.future.set_result(
            Scored(
                self._logits,
                (started - self.submitted) * 1000.0,
                (now - started) * 1000.0,
            )
        )

    def fail(self, error: Exception) -> None:
        """Tell the caller, unless it has gone."""
        if self._claim():
            self.future.set_exception(error)

    def _claim(self) -> bool:
        """Make the future this thread's to complete; not when it is done, or cancelled."""
        return self.open and self.future.set_running_or_notify_cancel()
