# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m clients rank``: ranks the titles of many queries, read from a file or a pipe."""

from __future__ import annotations

import argparse
import contextlib
import sys
from pathlib import Path

from clients.command.arguments import RANKER_CHOICES, at_least_one
from clients.command.bulk_files import InputLines, is_new, open_input, open_output, size
from clients.command.bulk_run import PROG, BulkRun, QueryFailed
from clients.command.exits import EXIT_INTERRUPTED, EXIT_USAGE, end_output, print_error
from clients.command.progress import Progress
from clients.formats.queries import JSONL, STDIN, TSV
from clients.formats.results import writer
from clients.ranker.client import RankerClient

DESCRIPTION = (
    "Rank the titles of many queries. The input is a TSV with a query and a title on each line "
    "(lines that follow each other with one query make one request), or JSON lines with query, "
    "documents and optionally id, request_id, unit_id, user_id."
)


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


def run(args: argparse.Namespace) -> int:
    """Rank what the input holds; the exit status.

    Raises:
        RankingError: before anything is asked: a file that cannot be opened, a wrong address.
    """
    name = "<stdin>" if args.input == STDIN else args.input
    # a wrong address is told before a file is emptied
    RankerClient(args.url, api_key=args.api_key, timeout_s=args.timeout).close()
    with contextlib.ExitStack() as files:
        stream = open_input(args.input, files)
        output = open_output(args, files)
        lines = InputLines(stream)
        form = args.form or {".tsv": TSV, ".jsonl": JSONL}.get(Path(name).suffix) or lines.form()
        running = BulkRun(args, name, writer(output, args.to, header=is_new(args)))
        progress = Progress(sys.stderr, size(stream))
        try:
            running.rank_all(lines, form, progress)
        except QueryFailed:
            _tell_where(running)
        except KeyboardInterrupt:
            progress.clear()
            _tell_where(running)
            return EXIT_INTERRUPTED
        except BrokenPipeError:
            if args.output == STDIN:
                end_output()
        except OSError as error:
            progress.clear()
            print_error(PROG, f"--output: cannot write {args.output} ({error.strerror})")
            _tell_where(running)
            return EXIT_USAGE
        finally:
            progress.clear()
        return running.status


def _tell_where(running: BulkRun) -> None:
    if running.written_line:
        line = running.written_line
        print(f"{PROG}: written up to line {line}; go on with --after {line}", file=sys.stderr)
