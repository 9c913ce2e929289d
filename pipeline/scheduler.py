# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Rows of many requests in, batches to one engine, logits back to each request.

One scheduler and one worker thread per ranker. Requests are served in the order they came; rows
are packed by length under a budget of padded tokens, so that a batch has little padding. Called
by the ranker op.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from typing import Callable, NamedTuple, Optional

import numpy as np

from contract.encoding import Row
from contract.errors import InferenceFailed, Overloaded, ShuttingDown
from pipeline.config import SchedulerConfig
from pipeline.engines import Engine, Feed, Logits

_LOGGER = logging.getLogger(__name__)


class Scored(NamedTuple):
    """What a request gets back.

    Attributes:
        logits: ``[N, width]`` in the order of the rows.
        queue_ms: from submission to the start of its first batch.
        compute_ms: from there to the end of its last batch.
    """

    logits: Logits
    queue_ms: float
    compute_ms: float


class _Job:
    """One request's rows, on their way."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.tokens = sum(len(row.input_ids) for row in rows)
        self.future: Future[Scored] = Future()
        self.parts: list[tuple[int, Logits]] = []
        self.submitted = time.monotonic()
        self.started = 0.0

    def add(self, place: int, logits: Logits) -> None:
        """Take the logits of one row; the last one completes the future."""
        self.parts.append((place, logits))
        if len(self.parts) == len(self.rows):
            self.parts.sort(key=lambda part: part[0])
            now = time.monotonic()
            self.future.set_result(
                Scored(
                    np.stack([logits for _, logits in self.parts]),
                    (self.started - self.submitted) * 1000.0,
                    (now - self.started) * 1000.0,
                )
            )

    def fail(self, error: Exception) -> None:
        if not self.future.done():
            self.future.set_exception(error)


class _Item(NamedTuple):
    """One row of one job."""

    job: _Job
    place: int

    @property
    def row(self) -> Row:
        return self.job.rows[self.place]


class Scheduler:
    """Batches rows across requests for one engine."""

    def __init__(
        self,
        name: str,
        open_engine: Callable[[], Engine],
        pad: Callable[[Sequence[Row]], Feed],
        config: SchedulerConfig,
    ) -> None:
        """Bind the parts; :meth:`start` starts the worker.

        Args:
            name: the ranker, for errors and the thread's name.
            open_engine: called in the worker thread, the only one that ever uses the engine.
            pad: rows to one feed, ``PairEncoder.pad`` of the bundle.
            config: token budget, wait and queue bounds.
        """
        self._name = name
        self._open_engine = open_engine
        self._opened: Future[None] = Future()
        self._pad = pad
        self._config = config
        self._queue: deque[_Job] = deque()
        self._queued_rows = 0
        self._stopping = False
        self._changed = threading.Condition()
        self._worker = threading.Thread(target=self._work, name=f"scheduler-{name}", daemon=True)

    def start(self) -> None:
        """Start the worker and wait for its engine; raises what opening it raises."""
        self._worker.start()
        self._opened.result()

    @property
    def alive(self) -> bool:
        """Whether the worker runs; it ends by :meth:`stop` only."""
        return self._worker.is_alive()

    def submit(self, rows: Sequence[Row]) -> Future[Scored]:
        """Queue one request's rows.

        Args:
            rows: at least one.

        Returns:
            Completes with :class:`Scored`, or with InferenceFailed when the engine fails.

        Raises:
            Overloaded: the rows do not fit into the queue now.
            ShuttingDown: after :meth:`stop`.
        """
        job = _Job(rows)
        with self._changed:
            if self._stopping:
                raise ShuttingDown("the service is stopping")
            if self._queued_rows + len(rows) > self._config.max_queue_rows:
                raise Overloaded(
                    f"{self._queued_rows} documents wait for {self._name} already, and at most "
                    f"{self._config.max_queue_rows} may; try again later"
                )
            self._queue.append(job)
            self._queued_rows += len(rows)
            self._changed.notify()
        return job.future

    def stop(self, timeout_s: float) -> bool:
        """Take nothing more, finish what is queued; whether that was done in time."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._worker.join(timeout_s)
        return not self._worker.is_alive()

    def _work(self) -> None:
        try:
            engine = self._open_engine()
        except BaseException as error:
            self._opened.set_exception(error)
            return
        self._opened.set_result(None)
        while True:
            jobs = self._next_jobs()
            if jobs is None:
                engine.close()
                return
            # a caller that gave up has cancelled its future; from here on it no longer can
            jobs = [job for job in jobs if job.future.set_running_or_notify_cancel()]
            now = time.monotonic()
            for job in jobs:
                job.started = now
            for batch in pack(jobs, self._config.max_batch_tokens):
                self._run(engine, batch)

    def _next_jobs(self) -> Optional[list[_Job]]:
        """The oldest request, and after it as many as fit into the same batch.

        A request larger than a batch runs alone: its own rows fill batches, and the requests
        behind it wait no longer than for those who came before them. ``None`` ends the worker.
        """
        with self._changed:
            while not self._queue and not self._stopping:
                self._changed.wait()
            if not self._queue:
                return None
            self._wait_for_more()
            jobs: list[_Job] = []
            tokens = 0
            while self._queue:
                tokens += self._queue[0].tokens
                if jobs and tokens > self._config.max_batch_tokens:
                    break
                jobs.append(self._queue.popleft())
            self._queued_rows -= sum(len(job.rows) for job in jobs)
            return jobs

    def _wait_for_more(self) -> None:
        """Give a batch that is not full max_wait_ms, counted from its oldest request."""
        deadline = self._queue[0].submitted + self._config.max_wait_ms / 1000.0
        while sum(job.tokens for job in self._queue) < self._config.max_batch_tokens:
            remaining = deadline - time.monotonic()
            if remaining <= 0 or self._stopping:
                return
            self._changed.wait(remaining)

    def _run(self, engine: Engine, batch: list[_Item]) -> None:
        """Run one batch; what goes wrong is told to its requests and ends nothing else."""
        live = [item for item in batch if not item.job.future.done()]
        if not live:
            return
        try:
            logits = engine.run(self._pad([item.row for item in live]))
            if len(logits) != len(live) or not np.isfinite(logits).all():
                raise ValueError(f"returned {list(logits.shape)} values, not all finite")
        except Exception as error:
            _LOGGER.error("%s failed on a batch of %d rows: %s", self._name, len(live), error)
            for item in live:
                item.job.fail(InferenceFailed(f"the engine of {self._name} failed on this batch"))
            return
        for item, row in zip(live, logits):
            item.job.add(item.place, row)


def pack(jobs: Sequence[_Job], max_batch_tokens: int) -> Iterator[list[_Item]]:
    """Cut the rows of some requests into batches, longest rows first.

    Its rows times its longest row stay within ``max_batch_tokens``; one row alone may exceed it.
    """
    items = [_Item(job, place) for job in jobs for place in range(len(job.rows))]
    items.sort(key=lambda item: len(item.row.input_ids), reverse=True)
    batch: list[_Item] = []
    longest: Optional[int] = None
    for item in items:
        if longest is None or (len(batch) + 1) * longest > max_batch_tokens:
            if batch:
                yield batch
            batch, longest = [], len(item.row.input_ids)
        batch.append(item)
    if batch:
        yield batch
