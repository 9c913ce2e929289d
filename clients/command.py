# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Arguments, a TSV or standard input in, tables or JSON lines out: the command of every client.

Called by ``ranker_command`` and ``tensor_command``, which add what one kind of client takes.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict
from typing import Any, Callable, NoReturn, Optional, Protocol

from clients.pairs_file import RankTask, read_tasks
from clients.ranker_client import DEFAULT_TIMEOUT_S, LONGEST_TIMEOUT_S
from clients.result import RankResult
from clients.table import render
from contract.errors import RankingError, ServiceError, UnknownService

# the first pair is the one upstream's clients send
EXAMPLE = RankTask(
    "中西方语言与文化的差异",
    [
        "第二语言习得的一大障碍就是文化差异。",
        "腰疼有响声是怎么回事?",
        "从中西方语言的差异看文化的不同",
    ],
)

EXIT_OK, EXIT_SERVICE, EXIT_USAGE, EXIT_INTERRUPTED = 0, 1, 2, 130


class _Ranks(Protocol):
    """What a client of either kind does."""

    @property
    def rank(self) -> Callable[..., RankResult]:
        """Rank many documents for one query; each kind has options of its own."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


Connect = Callable[[argparse.Namespace], _Ranks]


class OneLineParser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Leave with status 2."""
        self.exit(EXIT_USAGE, f"{self.prog}: error: {message}; see --help\n")


def parser(prog: str, transport: str) -> argparse.ArgumentParser:
    """The options all commands share; the caller adds the address."""
    made = OneLineParser(
        prog=prog,
        description=f"Rank titles for a query over {transport}. Without --query or --file, "
        "a built-in example is ranked.",
        allow_abbrev=False,
    )
    made.add_argument("--query", help="the query; needs --title")
    made.add_argument("--title", action="append", default=[], help="a title; may stand many times")
    made.add_argument(
        "--file",
        help="TSV with a query and a title on each line ('-' is standard input); "
        "the titles of one query make one request",
    )
    made.add_argument("--top_n", type=at_least_one, metavar="N", help="show only the best N titles")
    made.add_argument(
        "--timeout",
        type=seconds,
        default=DEFAULT_TIMEOUT_S,
        metavar="S",
        help="seconds to wait for each answer [%(default)g]",
    )
    made.add_argument(
        "--log_id", type=int, default=0, help="number of the call in the service's logs"
    )
    made.add_argument("--json", action="store_true", help="print one JSON object per query")
    return made


def run(
    command: argparse.ArgumentParser,
    args: argparse.Namespace,
    connect: Connect,
    options: Mapping[str, Any],
    unknown_service: str,
) -> int:
    """Rank what the arguments name and print it; the exit status.

    Expected errors become one line on stderr: 1 when the service failed, 2 when the caller did.

    Args:
        command: the parser that read the arguments.
        args: its result.
        connect: makes the client.
        options: of each call, besides those that every client takes.
        unknown_service: the remedy when the peer does not know the service.
    """
    if bool(args.query is not None) != bool(args.title):
        command.error("--query and --title go together")
    if args.file is not None and args.title:
        command.error("--file stands instead of --query and --title")
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        with closing(connect(args)) as client:
            for task in _tasks(args):
                _rank(client, task, args, options)
        sys.stdout.flush()
    except RankingError as error:
        message = " ".join(str(error).split())
        if isinstance(error, UnknownService):
            message += f" {unknown_service}"
        print(f"{command.prog}: error: {message}", file=sys.stderr)
        return EXIT_SERVICE if isinstance(error, ServiceError) else EXIT_USAGE
    except BrokenPipeError:
        # the reader has had enough; python would complain once more when it flushes at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return EXIT_OK


def _tasks(args: argparse.Namespace) -> list[RankTask]:
    if args.file is not None:
        return read_tasks(args.file)
    return [RankTask(args.query, args.title) if args.title else EXAMPLE]


def _rank(
    client: _Ranks, task: RankTask, args: argparse.Namespace, options: Mapping[str, Any]
) -> None:
    start = time.perf_counter()
    result = client.rank(task.query, task.titles, top_n=args.top_n, log_id=args.log_id, **options)
    elapsed_ms = (time.perf_counter() - start) * 1000
    if args.json:
        print(json.dumps(_as_json(task, result, elapsed_ms), ensure_ascii=False), flush=True)
    else:
        print(render(task, result, elapsed_ms, _terminal_width()), flush=True)


def _as_json(task: RankTask, result: RankResult, elapsed_ms: float) -> dict[str, Any]:
    fields = asdict(result)
    for ranked in fields["results"]:
        del ranked["document"]
        ranked["title"] = task.titles[ranked["index"]]
    return {"query": task.query, **fields, "elapsed_ms": round(elapsed_ms, 3)}


def _terminal_width() -> Optional[int]:
    """Columns of the terminal; ``None``, so that nothing is cut, when the output is no terminal."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except OSError:
        return None


def at_least_one(text: str) -> int:
    """A count in an argument."""
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, got {text!r}")
    return number


def seconds(text: str) -> float:
    """A time in an argument."""
    try:
        given = float(text)
    except ValueError:
        given = 0.0
    if not 0 < given <= LONGEST_TIMEOUT_S:
        raise argparse.ArgumentTypeError(
            f"must be seconds above 0 and at most {LONGEST_TIMEOUT_S}, got {text!r}"
        )
    return given
