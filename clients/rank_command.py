# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m clients rank``: a stream of queries in, their ranked titles out, in the same order.

Called by ``clients.__main__``. Several queries are asked at once; what has been written is
whole, so that an interrupted run goes on where it ended.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from io import TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO, Optional, TextIO, Union

from clients.command import (
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_SERVICE,
    EXIT_USAGE,
    at_least_one,
)
from clients.http_ranker import AsyncRankerClient, RankerClient
from clients.loop_thread import LoopThread
from clients.pairs_file import STDIN
from clients.progress import Progress
from clients.rank_input import JSONL, TSV, BadLine, Item, Query, read_items
from clients.rank_output import Write, writer
from clients.ranker_command import RANKER_CHOICES
from clients.result import RankResult
from clients.retry import Retry
from contract.errors import DataError, InvalidField, RankingError, ServiceError

DESCRIPTION = (
    "Rank the titles of many queries. The input is a TSV with a query and a title on each line "
    "(lines that follow each other with one query make one request), or JSON lines with query, "
    "documents and optionally id, request_id, unit_id, user_id."
)
_PROG = "python -m clients rank"
_BLOCK_BYTES = 65_536

_Outcome = Union[RankResult, RankingError]


def add_options(command: argparse.ArgumentParser) -> None:
    """What this sub-command takes besides the address."""
    add = command.add_argument
    add("input", nargs="?", default=STDIN, metavar="FILE", help="input [standard input]")
    add(
        "--from", dest="form", choices=(TSV, JSONL), help="form of the input [by its name or start]"
    )
    add("--output", default=STDIN, metavar="FILE", help="output [standard output]")
    add("--to", choices=(JSONL, TSV), default=JSONL, help="form of the output [%(default)s]")
    asked = command.add_mutually_exclusive_group()
    asked.add_argument("--ranker", choices=RANKER_CHOICES, help="which ranker scores")
    asked.add_argument("--model", help="name of a ranker or an experiment, as models lists them")
    add("--top_n", type=at_least_one, metavar="N", help="keep the best N titles of each query")
    add("--max_tokens_per_doc", type=at_least_one, metavar="N", help="tokens of a title in a row")
    add("--max_chunks_per_doc", type=at_least_one, metavar="N", help="rows of a title")
    add(
        "--concurrency",
        type=at_least_one,
        default=4,
        metavar="N",
        help="queries asked at once [%(default)s]; with 1 each is written before the next is read",
    )
    add("--attempts", type=at_least_one, default=4, metavar="N", help="of each query [%(default)s]")
    add("--keep_going", action="store_true", help="report a query that fails and go on")
    add(
        "--after",
        type=at_least_one,
        default=0,
        metavar="LINE",
        help="go on after this line of the input; an --output file is added to",
    )


class _Counted:
    """Lines of a stream, and how many bytes they had."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._blank: list[bytes] = []
        self._first: Optional[bytes] = None
        self.read_bytes = 0

    def form(self) -> str:
        """What the first line looks like that is not blank."""
        self._first = self._stream.readline()
        while self._first and not self._first.strip(b"\xef\xbb\xbf \r\n"):
            self._blank.append(self._first)
            self._first = self._stream.readline()
        return JSONL if self._first.lstrip(b"\xef\xbb\xbf \t").startswith(b"{") else TSV

    def __iter__(self) -> Iterator[bytes]:
        for line in self._blank:
            yield self._count(line)
        if self._first:
            yield self._count(self._first)
        for line in self._stream:
            yield self._count(line)

    def _count(self, line: bytes) -> bytes:
        self.read_bytes += len(line)
        return line


class _Run:
    """One run of the command."""

    def __init__(self, args: argparse.Namespace, name: str, write: Write) -> None:
        self._args = args
        self._name = name
        self._write = write
        self.queries = self.failed = self.written_line = 0
        self.status = EXIT_OK

    def rank_all(self, lines: _Counted, form: str, progress: Progress) -> None:
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

    def _fail(self, item: Item, error: RankingError, progress: Progress) -> None:
        """Say which line it was; end the run unless it keeps going."""
        self.failed += 1
        self.status = max(self.status, EXIT_USAGE, key=_severity)
        if isinstance(error, ServiceError):
            self.status = EXIT_SERVICE
        progress.clear()
        text = " ".join(str(error).split())
        print(f"{_PROG}: error: {self._name}:{item.first_line}: {text}", file=sys.stderr)
        if not self._args.keep_going:
            raise _Reported


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold Ctrl-C back, so that what is written is whole and known to be written."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Reported(Exception):
    """A query failed, which has been said."""


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


def run(args: argparse.Namespace) -> int:
    """Rank what the input holds; the exit status.

    Raises:
        RankingError: before anything is asked: a file that cannot be opened, a wrong address.
    """
    name = "<stdin>" if args.input == STDIN else args.input
    # a wrong address is told before a file is emptied
    RankerClient(args.url, api_key=args.api_key, timeout_s=args.timeout).close()
    with contextlib.ExitStack() as files:
        stream = _opened_input(args.input, files)
        output = _opened_output(args, files)
        lines = _Counted(stream)
        form = args.form or {".tsv": TSV, ".jsonl": JSONL}.get(Path(name).suffix) or lines.form()
        running = _Run(args, name, writer(output, args.to, header=_is_new(args)))
        progress = Progress(sys.stderr, _size(stream))
        try:
            running.rank_all(lines, form, progress)
        except _Reported:
            _tell_where(running)
        except KeyboardInterrupt:
            progress.clear()
            _tell_where(running)
            return EXIT_INTERRUPTED
        except BrokenPipeError:
            if args.output == STDIN:
                # the reader has had enough; python would complain again when it flushes at exit
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except OSError as error:
            progress.clear()
            text = f"cannot write {args.output} ({error.strerror})"
            print(f"{_PROG}: error: --output: {text}", file=sys.stderr)
            _tell_where(running)
            return EXIT_USAGE
        finally:
            progress.clear()
        return running.status


def _is_new(args: argparse.Namespace) -> bool:
    """Whether the output has nothing yet."""
    if args.output == STDIN:
        return not args.after
    path = Path(args.output)
    return not path.is_file() or path.stat().st_size == 0


def _tell_where(running: _Run) -> None:
    if running.written_line:
        line = running.written_line
        print(f"{_PROG}: written up to line {line}; go on with --after {line}", file=sys.stderr)


def _opened_input(path: str, files: contextlib.ExitStack) -> BinaryIO:
    if path == STDIN:
        return sys.stdin.buffer
    try:
        return files.enter_context(Path(path).open("rb"))
    except OSError as error:
        raise DataError(f"cannot read it ({error.strerror})", field=path) from error


def _opened_output(args: argparse.Namespace, files: contextlib.ExitStack) -> TextIO:
    if args.output == STDIN:
        assert isinstance(sys.stdout, TextIOWrapper)
        encoding = sys.stdout.encoding if sys.stdout.isatty() else "utf-8"
        sys.stdout.reconfigure(encoding=encoding, errors="backslashreplace")
        return sys.stdout
    path = Path(args.output)
    if args.input != STDIN and path.exists() and path.samefile(args.input):
        raise InvalidField("is the input; write to another file", field="--output")
    try:
        if args.after:
            _cut_to_whole_lines(path)
        opened = path.open(
            "a" if args.after else "w", encoding="utf-8", errors="backslashreplace", newline="\n"
        )
    except OSError as error:
        raise InvalidField(
            f"cannot write {args.output} ({error.strerror})", field="--output"
        ) from error
    files.callback(_closed, opened)
    assert isinstance(opened, TextIOWrapper)
    return opened


def _closed(stream: TextIO) -> None:
    # what a full disk refused has been said
    with contextlib.suppress(OSError):
        stream.close()


def _cut_to_whole_lines(path: Path) -> None:
    """Drop what a killed run left of a line, so that the next does not stand behind it."""
    if not path.is_file():
        return
    with path.open("rb+") as stream:
        end = stream.seek(0, os.SEEK_END)
        while end > 0:
            start = max(0, end - _BLOCK_BYTES)
            stream.seek(start)
            newline = stream.read(end - start).rfind(b"\n")
            if newline >= 0:
                end = start + newline + 1
                break
            end = start
        stream.truncate(end)


def _size(stream: BinaryIO) -> int:
    """Bytes of a file; 0 of a pipe or a terminal."""
    try:
        return os.fstat(stream.fileno()).st_size
    except OSError:
        return 0
