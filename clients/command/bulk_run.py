# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Asks for many queries, several at once, and writes their results in the order of the input.

What has been written is whole, so that an interrupted run can go on where it ended.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any, Optional, Union

from clients.command.bulk_files import InputLines
from clients.command.exits import (
    EXIT_OK,
    EXIT_SERVICE,
    EXIT_USAGE,
    print_error,
    print_warning,
    status_of,
)
from clients.command.loop_thread import LoopThread
from clients.command.progress import Progress
from clients.formats.queries import TSV, BadLine, Item, Query, read_items
from clients.formats.results import Write
from clients.ranker.async_client import AsyncRankerClient
from clients.ranker.result import RankResult
from clients.transport.retry import Retry
from contract.errors import RankingError

PROG = "python -m clients rank"

_Outcome = Union[RankResult, RankingError]


class BulkRun:
    """One run: what has been asked, what is written, and whether something failed.

    Attributes:
        queries: how many have an outcome.
        failed: how many of them failed.
        written_line: last line of the input whose outcome is written; 0 before the first.
        status: exit status so far.
    """

    def __init__(self, args: argparse.Namespace, name: str, write: Write) -> None:
        """``name`` is the input's in error messages; ``write`` takes each outcome."""
        self._args = args
        self._name = name
        self._write = write
        self.queries = self.failed = self.written_line = 0
        self.status = EXIT_OK

    def rank_all(self, lines: InputLines, form: str, progress: Progress) -> None:
        """Ask for every query of the input, some at once, and write them in order.

        Raises:
            RankingError: of the first query that fails, unless the run keeps going.
        """
        args = self._args
        with LoopThread() as loop:
            client = loop.start(self._open()).result()
            waiting: deque[tuple[Item, Optional[Future[RankResult]]]] = deque()
            try:
                for item in read_items(lines, form, args.after):
                    work = self._ask(client, item) if isinstance(item, Query) else None
                    waiting.append((item, loop.start(work) if work is not None else None))
                    if len(waiting) >= args.concurrency:
                        self._finish(*waiting.popleft(), progress)
                        progress.show(self.queries, self.failed, lines.read_bytes)
                while waiting:
                    self._finish(*waiting.popleft(), progress)
                    progress.show(self.queries, self.failed, lines.read_bytes)
            finally:
                for _, future in waiting:
                    if future is not None:
                        future.cancel()
                loop.start(client.close()).result()

    async def _open(self) -> AsyncRankerClient:
        args = self._args
        retry = Retry(attempts=args.attempts)
        return AsyncRankerClient(
            args.url, api_key=args.api_key, timeout_s=args.timeout, retry=retry
        )

    def _ask(self, client: AsyncRankerClient, item: Query) -> Any:
        args = self._args
        return client.rank(
            item.query,
            item.documents,
            ranker=args.ranker,
            model=args.model,
            top_n=args.top_n,
            max_tokens_per_doc=args.max_tokens_per_doc,
            max_chunks_per_doc=args.max_chunks_per_doc,
            request_id=item.request_id,
            unit_id=item.unit_id,
            user_id=item.user_id,
        )

    def _finish(self, item: Item, future: Optional[Future[RankResult]], progress: Progress) -> None:
        outcome = _outcome(item, future)
        self.queries += 1
        if isinstance(outcome, RankingError):
            self._fail(item, outcome, progress)
        with _uninterrupted():
            self._write(item, outcome)
            self.written_line = item.last_line
        if self._args.to == TSV and isinstance(outcome, RankResult):
            self._doubt(item, outcome, progress)

    def _doubt(self, item: Item, result: RankResult, progress: Progress) -> None:
        """Say what a TSV has no cell for."""
        if result.warnings:
            progress.clear()
        for text in result.warnings:
            print_warning(PROG, f"{self._name}:{item.first_line}: {text}")

    def _fail(self, item: Item, error: RankingError, progress: Progress) -> None:
        """Say which line it was; end the run unless it keeps going."""
        self.failed += 1
        self.status = max(self.status, status_of(error), key=_severity)
        progress.clear()
        print_error(PROG, f"{self._name}:{item.first_line}: {error}")
        if not self._args.keep_going:
            raise QueryFailed


class QueryFailed(Exception):
    """A query failed, and the user has been told."""


def _severity(status: int) -> int:
    """The service's failure says more than a bad line."""
    return (EXIT_OK, EXIT_USAGE, EXIT_SERVICE).index(status)


def _outcome(item: Item, future: Optional[Future[RankResult]]) -> _Outcome:
    if isinstance(item, BadLine):
        return item.error
    assert future is not None
    try:
        return future.result()
    except RankingError as error:
        return error


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold Ctrl-C back, so that what is written is whole and known to be written."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
