# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Ranks one query or a TSV of them and shows the rankings, as tables or as JSON lines.

This is the command of every client; what only one kind of client takes is added to it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from typing import Any, Callable, Optional, Protocol

from clients.command.arguments import OneLineParser, at_least_one, seconds
from clients.command.exits import EXIT_INTERRUPTED, EXIT_OK, end_output, print_error, status_of
from clients.formats.pairs_file import RankTask, read_tasks
from clients.formats.results import json_fields
from clients.formats.table import render
from clients.ranker.result import RankResult
from clients.transport.timeouts import DEFAULT_TIMEOUT_S
from contract.errors import RankingError, UnknownService

# the first pair is the one upstream's clients send
EXAMPLE = RankTask(
    "中西方语言与文化的差异",
    [
        "第二语言习得的一大障碍就是文化差异。",
        "腰疼有响声是怎么回事?",
        "从中西方语言的差异看文化的不同",
    ],
)


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
        remedy = f" {unknown_service}" if isinstance(error, UnknownService) else ""
        print_error(command.prog, f"{error}{remedy}")
        return status_of(error)
    except BrokenPipeError:
        end_output()
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
    fields = json_fields(result, task.titles)
    return {"query": task.query, **fields, "elapsed_ms": round(elapsed_ms, 3)}


def _terminal_width() -> Optional[int]:
    """Columns of the terminal; ``None``, so that nothing is cut, when the output is no terminal."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except OSError:
        return None
