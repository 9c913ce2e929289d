# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The rows that wait: whose turn is next, and which rows go together into a batch.

A job's place is the number of tokens taken before it came, plus its own. So a request of one
document passes one of a thousand that came just before it, and the thousand are passed by no more
than their own cost: every token that is computed brings them nearer to the front. The tensor
service orders its queue alike. A deadline can only bring a job forward.

Not safe between threads: the scheduler's lock guards it.
"""

from __future__ import annotations

import bisect
import itertools
import operator
from typing import Optional

from pipeline.batching.job import Job, WantedRow

_LENGTH = operator.attrgetter("length")
# a lone request is not split over free workers into shares of fewer tokens than this
_LEAST_SHARE = 64


class WaitingRows:
    """The rows that wait.

    Attributes:
        rows: distinct rows that wait.
        tokens: in them, without padding.
    """

    def __init__(self, max_batch_tokens: int, max_padding: float, length_multiple: int = 1) -> None:
        """Empty.

        Args:
            max_batch_tokens: rows times padded length of a batch; one row alone may exceed it.
            max_padding: share of a batch that may be padding, beyond what a call costs anyway.
            length_multiple: to which padded lengths are rounded up.
        """
        self._max_batch_tokens = max_batch_tokens
        self._max_padding = max_padding
        self._multiple = length_multiple
        self._taken = 0
        self._numbers = itertools.count()
        self._queue: list[tuple[float, int, Job]] = []
        self.rows = 0
        self.tokens = 0

    @property
    def oldest(self) -> Optional[float]:
        """When the first job in order was submitted."""
        return self._queue[0][2].submitted if self._queue else None

    def add(self, job: Job, new: int, due_in_tokens: Optional[float] = None) -> None:
        """Queue a job.

        Args:
            job: with its waiting rows in ``works``; those of other jobs may be among them.
            new: how many of them are not here yet, first in ``works``.
            due_in_tokens: how many tokens can be computed before the job's deadline.
        """
        self.rows += new
        self.tokens += sum(work.length for work in job.works[:new])
        own: float = sum(work.length for work in job.works)
        job.works.sort(key=_LENGTH, reverse=True)
        if due_in_tokens is not None:
            own = min(own, max(0.0, due_in_tokens))
        bisect.insort(self._queue, (self._taken + own, next(self._numbers), job))

    def drop(self, job: Job) -> list[WantedRow]:
        """Forget a job; returns the rows that nobody waits for any more."""
        self._queue = [entry for entry in self._queue if entry[2] is not job]
        dropped = []
        for work in job.works:
            if work.waiting:
                work.takers = [taker for taker in work.takers if taker[0] is not job]
                if not work.takers:
                    self._remove(work)
                    dropped.append(work)
        job.works = []
        return dropped

    def late_jobs(self, now: float) -> list[Job]:
        """Those whose deadline has passed; those that are answered already leave unseen."""
        self._queue = queue = [entry for entry in self._queue if not entry[2].future.done()]
        timed = [(job, job.deadline) for _, _, job in queue if job.deadline is not None]
        return [job for job, deadline in timed if deadline <= now]

    def next_batch(self, workers: int, overhead_tokens: float) -> list[WantedRow]:
        """Take the rows of the next batch.

        The first job's longest row sets the length; its next rows, and then those of the jobs
        behind it, join while padding costs less than computing them apart would.

        Args:
            workers: free ones, this one included; they share what waits.
            overhead_tokens: what a batch costs by itself.

        Returns:
            At least one row, all of them no longer waiting; empty when nothing waits.
        """
        head = self._first_job()
        if head is None:
            return []
        longest = self._padded(head.works[0].length)
        most = max(1, self._budget(workers, overhead_tokens) // longest)
        batch: list[WantedRow] = []
        for _, _, job in self._queue:
            self._take_from(job, batch, longest, most, overhead_tokens)
            if len(batch) == most:
                break
        return batch

    def _first_job(self) -> Optional[Job]:
        """The first in order of which anything still waits."""
        while self._queue:
            job = self._queue[0][2]
            job.works = [work for work in job.works if work.waiting]
            if job.works:
                return job
            self._queue.pop(0)
        return None

    def _take_from(
        self, job: Job, batch: list[WantedRow], longest: int, most: int, overhead_tokens: float
    ) -> None:
        """Move rows of one job into the batch, up to so many and as its padding allows."""
        padding = len(batch) * longest - sum(work.length for work in batch)
        for place in range(_first_within(job.works, longest), len(job.works)):
            if len(batch) == most:
                return
            work = job.works[place]
            if not work.waiting:
                continue
            padding += longest - work.length
            allowed = max(self._max_padding * longest * (len(batch) + 1), overhead_tokens)
            if batch and padding > allowed:
                return
            self._remove(work)
            self._taken += work.length
            batch.append(work)

    def _budget(self, workers: int, overhead_tokens: float) -> int:
        """Tokens of the next batch: a fair share of what waits while other workers have none."""
        if workers <= 1:
            return self._max_batch_tokens
        share = max(self.tokens / workers, _LEAST_SHARE, overhead_tokens)
        return min(self._max_batch_tokens, int(share) + 1)

    def _padded(self, length: int) -> int:
        return -(-length // self._multiple) * self._multiple

    def _remove(self, work: WantedRow) -> None:
        work.waiting = False
        self.rows -= 1
        self.tokens -= work.length


def _first_within(works: list[WantedRow], longest: int) -> int:
    """Index of the first row that is not longer; ``works`` has the longest first."""
    low, high = 0, len(works)
    while low < high:
        middle = (low + high) // 2
        if works[middle].length > longest:
            low = middle + 1
        else:
            high = middle
    return low
