# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Puts the rows of many requests together into batches for a ranker's engines.

One scheduler for each bundle of a ranker, with a worker thread for each engine. Whenever a worker
is free it takes the next batch from what waits then, so that no request, however large, holds up
the others.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from itertools import compress
from typing import Callable, NamedTuple, Optional, Protocol

import numpy as np
from numpy.typing import NDArray

from contract.encoding import Row
from contract.errors import (
    DeadlineExceeded,
    InferenceFailed,
    Overloaded,
    RankingError,
    ShuttingDown,
)
from pipeline.batching.batch_cost import BatchCost
from pipeline.batching.batch_spans import begin_batch, end_batch
from pipeline.batching.job import Job, Scored, WantedRow
from pipeline.batching.queue import WaitingRows
from pipeline.batching.score_cache import ScoreCache, row_key
from pipeline.engines.engine import Engine, EngineSource, Feed, Logits
from pipeline.request.spans import JobTrace
from pipeline.request.trace import computing
from pipeline.settings.service import SchedulerConfig
from pipeline.telemetry.ranker_metrics import RankerMetrics

_LOGGER = logging.getLogger(__name__)
_UNTRACED = contextlib.nullcontext()


class Pad(Protocol):
    """Rows to one feed: ``PairEncoder.pad`` of the bundle."""

    def __call__(self, rows: Sequence[Row], multiple: int) -> Feed:
        """Pad to the longest row, rounded up to a multiple."""


class _Step(NamedTuple):
    """What a worker does next: run a batch, tell jobs that they are too late, or end."""

    batch: list[WantedRow]
    late: list[Job]
    ended: bool = False


class Scheduler:
    """Batches rows across requests for the engines of one ranker."""

    def __init__(
        self,
        name: str,
        version: str,
        source: EngineSource,
        pad: Pad,
        config: SchedulerConfig,
        metrics: RankerMetrics,
    ) -> None:
        """Bind the parts; :meth:`start` starts the workers.

        Args:
            name: the ranker, for errors and the threads' names.
            version: of the bundle; scores of another one are never taken for its own.
            source: opens an engine in each worker's thread, the only one that ever uses it.
            pad: rows to one feed.
            config: token budget, wait and queue bounds, cache size.
            metrics: of this ranker.
        """
        self._name = name
        self._version = version
        self._source = source
        self._pad = pad
        self._config = config
        self._metrics = metrics
        metrics.token_budget.set(config.max_batch_tokens)
        # engines keep kernels for each shape that they meet, and make them at its first batch
        self._multiple = config.length_multiple
        self._waiting = WaitingRows(config.max_batch_tokens, config.max_padding, self._multiple)
        self._cost = BatchCost()
        self._cache = ScoreCache(config.cache_rows)
        # every row that waits or runs
        self._works: dict[bytes, WantedRow] = {}
        self._free = 0
        # whether a request has ever been traced
        self._tracing = False
        self._stopping = False
        self._changed = threading.Condition()
        self._workers: list[threading.Thread] = []
        # by worker, when the batch that it computes was begun
        self._computing: dict[int, float] = {}

    def start(self) -> None:
        """Start one worker for each engine and wait for all; raises what opening one raises."""
        try:
            self._start_worker()
            for _ in range(self._source.count - 1):
                self._start_worker()
        except BaseException:
            self.stop(0.0)
            raise

    def _start_worker(self) -> None:
        opened: Future[None] = Future()
        name = f"scheduler-{self._name}-{len(self._workers)}"
        worker = threading.Thread(target=self._work, args=(opened,), name=name, daemon=True)
        worker.start()
        opened.result()
        self._workers.append(worker)

    @property
    def version(self) -> str:
        """Of the bundle."""
        return self._version

    @property
    def waiting_rows(self) -> int:
        """How many wait now."""
        return self._waiting.rows

    @property
    def alive(self) -> bool:
        """Whether all workers run; they end by :meth:`stop` only."""
        return bool(self._workers) and all(worker.is_alive() for worker in self._workers)

    @property
    def problem(self) -> str:
        """Why its engines can compute nothing now, such as remote ones; empty when they can."""
        problem: str = getattr(self._source, "problem", "")
        return problem

    @property
    def computing_s(self) -> float:
        """How long the batch that is computed longest has been computed; 0 without any."""
        begun = list(self._computing.values())
        return time.monotonic() - min(begun) if begun else 0.0

    def submit(
        self,
        rows: Sequence[Row],
        deadline: Optional[float] = None,
        traced: Optional[JobTrace] = None,
    ) -> Future[Scored]:
        """Queue one request's rows; those that are known, wait or run already are not queued again.

        Args:
            rows: at least one.
            deadline: when the caller stops waiting, on ``time.monotonic``'s clock.
            traced: takes the times of a request that is traced.

        Returns:
            Completes with :class:`Scored`, or with a RankingError; ``cancel()`` takes the rows out
            at any time before that.

        Raises:
            Overloaded: the rows do not fit into the queue now.
            ShuttingDown: after :meth:`stop`.
        """
        keys = [row_key(row, self._version) for row in rows]
        if traced is not None:
            self._tracing = True
        job = Job(len(rows), time.monotonic(), deadline, traced)
        with self._changed:
            if self._stopping:
                raise ShuttingDown("the service is stopping")
            complete = self._admit(job, rows, keys)
            self._changed.notify()
        if complete:
            job.finish(time.monotonic())
        else:
            job.future.add_done_callback(functools.partial(self._on_done, job))
        return job.future

    def _admit(self, job: Job, rows: Sequence[Row], keys: Sequence[bytes]) -> bool:
        """Find or make the work of every row; whether the cache had all of them."""
        known: list[tuple[int, Logits]] = []
        new: dict[bytes, WantedRow] = {}
        asked: list[tuple[int, WantedRow]] = []
        for place, (key, row) in enumerate(zip(keys, rows)):
            logits = self._cache.get(key)
            if logits is not None:
                known.append((place, logits))
                continue
            work = self._works.get(key) or new.get(key)
            if work is None:
                new[key] = work = WantedRow(key, row)
            asked.append((place, work))
        self._refuse_if_full(len(new))
        for place, work in asked:
            work.takers.append((job, place))
        self._works.update(new)
        joined = {work.key: work for _, work in asked if work.waiting and work.key not in new}
        job.works = [*new.values(), *joined.values()]
        if job.works:
            due_in_tokens = None if job.deadline is None else self._due_in_tokens(job)
            self._waiting.add(job, len(new), due_in_tokens)
        self._metrics.admitted(len(asked) - len(new), len(known), self._waiting.rows)
        complete = False
        for place, logits in known:
            complete = job.add(place, logits)
        return complete

    def _refuse_if_full(self, new: int) -> None:
        """Raise Overloaded when so many new rows would wait with too many, or for too long."""
        rows, most = self._waiting.rows, self._config.max_queue_rows
        reason = ""
        if rows + new > most:
            reason = f"{rows} documents wait for {self._name} already, and at most {most} may"
        elif new and self._config.max_queue_ms and self._cost.tokens_per_s:
            wait_ms = self._waiting.tokens / self._tokens_per_s * 1000.0
            if wait_ms > self._config.max_queue_ms:
                reason = (
                    f"{wait_ms:.0f} ms of work wait for {self._name} already, and at most "
                    f"{self._config.max_queue_ms:g} may"
                )
        if reason:
            self._metrics.refused.inc()
            raise Overloaded(f"{reason}; try again later")

    @property
    def _tokens_per_s(self) -> float:
        """Of all workers."""
        return self._cost.tokens_per_s * len(self._workers)

    def _due_in_tokens(self, job: Job) -> Optional[float]:
        """How many tokens all workers can compute until the job's deadline."""
        if job.deadline is None or self._cost.tokens_per_s == 0.0:
            return None
        return (job.deadline - job.submitted) * self._tokens_per_s

    def _on_done(self, job: Job, future: Future[Scored]) -> None:
        """A caller that gave up takes its waiting rows along."""
        if future.cancelled():
            with self._changed:
                self._drop(job)

    def _drop(self, job: Job) -> None:
        dropped = self._waiting.drop(job)
        for work in dropped:
            del self._works[work.key]
        self._metrics.dropped(len(dropped), self._waiting.rows)

    def stop(self, timeout_s: float) -> bool:
        """Take nothing more, finish what is queued; whether that was done in time."""
        end = time.monotonic() + timeout_s
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        for worker in self._workers:
            worker.join(max(0.0, end - time.monotonic()))
        return not any(worker.is_alive() for worker in self._workers)

    def _work(self, opened: Future[None]) -> None:
        """One worker: its engine is opened, used and closed in this thread."""
        try:
            engine = self._source.open()
        except BaseException as error:
            opened.set_exception(error)
            return
        opened.set_result(None)
        while True:
            step = self._next_step()
            for job in step.late:
                job.fail(DeadlineExceeded(f"{self._name} did not begin within the time allowed"))
            if step.ended:
                engine.close()
                return
            if step.batch:
                self._computing[threading.get_ident()] = time.monotonic()
                self._run(engine, step.batch)
                del self._computing[threading.get_ident()]

    def _next_step(self) -> _Step:
        """Wait until there is something to do, and take it."""
        with self._changed:
            self._free += 1
            try:
                while True:
                    late = self._drop_late(time.monotonic()) if self._waiting.rows else []
                    if late:
                        return _Step([], late)
                    wait_s = self._wait_for_more()
                    if wait_s == 0.0:
                        return _Step(self._take_batch(), [])
                    if wait_s is None and self._stopping:
                        return _Step([], [], ended=True)
                    self._changed.wait(wait_s)
            finally:
                self._free -= 1

    def _drop_late(self, now: float) -> list[Job]:
        late = self._waiting.late_jobs(now)
        for job in late:
            self._drop(job)
        return late

    def _wait_for_more(self) -> Optional[float]:
        """Seconds that a batch which is not full waits for company; ``None`` without any row."""
        if self._waiting.rows == 0 or (oldest := self._waiting.oldest) is None:
            return None
        if self._stopping or self._waiting.tokens >= self._config.max_batch_tokens:
            return 0.0
        return max(0.0, oldest + self._config.max_wait_ms / 1000.0 - time.monotonic())

    def _take_batch(self) -> list[WantedRow]:
        batch = self._waiting.next_batch(self._free, self._cost.overhead_tokens)
        now = time.monotonic()
        for work in batch:
            for job, _ in work.takers:
                if job.start(now):
                    self._metrics.queue_seconds.observe(now - job.submitted)
        self._metrics.queue_rows.set(self._waiting.rows)
        if self._waiting.rows:
            self._changed.notify()
        return batch

    def _run(self, engine: Engine, batch: list[WantedRow]) -> None:
        """Run one batch; what goes wrong is told to its requests and ends nothing else.

        A row of NaN or infinity fails the requests that want it, and no other of the batch.
        """
        start = time.monotonic()
        logits: Optional[Logits] = None
        traced = begin_batch(batch) if self._tracing else None
        try:
            feed = self._pad([work.row for work in batch], self._multiple)
            with computing(traced.trace) if traced else _UNTRACED:
                logits = engine.run(feed)
            if len(logits) != len(batch):
                raise ValueError(f"returned {list(logits.shape)} values")
            finite = np.isfinite(logits)
        except Exception as error:
            _LOGGER.error("%s failed on a batch of %d rows: %s", self._name, len(batch), error)
            reported = self._reported(error)
            if traced is not None:
                end_batch(traced, batch, 0, start, reported)
            self._fail(batch, lambda _: reported)
            return
        seconds = time.monotonic() - start
        padded = int(next(iter(feed.values())).size)
        tokens = sum(work.length for work in batch)
        self._metrics.ran(len(batch), tokens, padded, seconds)
        wrong = None if finite.all() else ~finite.reshape(len(batch), -1).all(axis=1)
        if traced is not None:
            refused = None if wrong is None else self._no_number(int(wrong.argmax()))
            end_batch(traced, batch, padded, start, refused)
        if wrong is not None:
            self._fail_rows(batch, wrong)
            batch, logits = list(compress(batch, ~wrong)), logits[~wrong]
        for job in self._settle(batch, logits, padded, seconds):
            job.finish(time.monotonic())

    def _reported(self, error: Exception) -> RankingError:
        """An error of a remote engine says more than this process knows."""
        if isinstance(error, RankingError):
            return error
        return InferenceFailed(f"the engine of {self._name} failed on this batch")

    def _no_number(self, place: int) -> InferenceFailed:
        """Of a row that has no logit, by its place in a request or batch."""
        return InferenceFailed(
            f"{self._name} returns NaN or infinity for this row; run it in fp32, or export a "
            "checkpoint that did not diverge",
            field=f"logits[{place}]",
        )

    def _fail_rows(self, batch: Sequence[WantedRow], wrong: NDArray[np.bool_]) -> None:
        """Fail the requests that want rows of NaN or infinity."""
        _LOGGER.error(
            "%s returned NaN or infinity for %d of the %d rows of a batch, and fails their "
            "requests; run it in fp32, or export a checkpoint that did not diverge",
            self._name,
            np.count_nonzero(wrong),
            len(batch),
        )
        self._fail(list(compress(batch, wrong)), self._no_number)

    def _settle(
        self, batch: list[WantedRow], logits: Logits, padded: int, seconds: float
    ) -> list[Job]:
        """Give every row's logits to those who want them; returns the jobs that are complete."""
        complete = []
        with self._changed:
            self._cost.observe(padded, seconds)
            for work, row in zip(batch, logits):
                del self._works[work.key]
                self._cache.put(work.key, row)
                complete += [job for job, place in work.takers if job.add(place, row)]
        return complete

    def _fail(self, works: list[WantedRow], error: Callable[[int], RankingError]) -> None:
        """Fail every job with one of these rows, and drop what else of it waits.

        Args:
            works: rows that a batch has not computed.
            error: of a job, by the place of the first of them among its rows.
        """
        jobs: dict[int, tuple[Job, int]] = {}
        self._metrics.failed.inc()
        with self._changed:
            for work in works:
                del self._works[work.key]
                for job, place in work.takers:
                    _, first = jobs.get(id(job), (job, place))
                    jobs[id(job)] = job, min(first, place)
            for job, _ in jobs.values():
                self._drop(job)
        for job, place in jobs.values():
            job.fail(error(place))
