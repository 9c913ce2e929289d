# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Sends the queries of a file to the running service, with simulated readers who click.

Run as ``python -m experiments.replay``. Requests go out at a fixed rate, a click model clicks on
what the service answered, the clicks go to ``/feedback``, and a summary by variant is printed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Callable, Optional

from contract.errors import DataError, RankingError, ServiceError
from experiments.lists.graded_lists import padded, read_graded_lists
from experiments.readers.click_model import CLICK_MODELS, INFORMATIONAL, ClickModel
from experiments.traffic.open_loop import OpenLoop
from experiments.traffic.ranking_calls import DEFAULT_URL, connections
from experiments.traffic.replay_session import Plan, ReplaySession
from experiments.traffic.replay_summary import ReplaySummary, as_text


def _above(kind: Callable[[str], Any], least: float) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        value = kind(text)
        if not least <= value < float("inf"):
            raise argparse.ArgumentTypeError(f"must be at least {least:g}, got {text}")
        return value

    parse.__name__ = kind.__name__
    return parse


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.replay",
        description="Send graded lists to the running service and click like a reader would.",
    )
    add, count = parser.add_argument, _above(int, 1)
    add("--url", default=DEFAULT_URL, help="base URL of the service [%(default)s]")
    add("--file", type=Path, required=True, help="graded lists: JSON lines or a TSV")
    add("--rate", type=_above(float, 0.001), default=20.0, help="requests a second [%(default)s]")
    add("--requests", type=count, default=500, help="how many to send [%(default)s]")
    add("--clicks", choices=CLICK_MODELS, default=INFORMATIONAL, help="the readers [%(default)s]")
    add("--top_grade", type=count, help="of the scale of labels [highest of the file]")
    add("--units", type=count, default=200, help="readers, some much busier [%(default)s]")
    add("--seed", type=int, default=1, help="of everything that is drawn [%(default)s]")
    add(
        "--pad_from",
        type=_above(int, 0),
        default=0,
        metavar="N",
        help="fill lists of fewer than N documents with documents of other queries, of grade 0",
    )
    add("--in_flight", type=count, default=64, help="requests at a time, at most [%(default)s]")
    add("--timeout", type=_above(float, 0.001), default=30.0, help="seconds for an answer [30]")
    add("--run", help="first part of every request id [random]")
    add("--send_grades", action="store_true", help="post the true grades of what was shown, too")
    add("--json", action="store_true", help="print JSON instead of a table")
    return parser


def build_plan(args: argparse.Namespace) -> Plan:
    """Read the file and bind the readers.

    Raises:
        DataError: the file is malformed, or none of its lists can be ranked, or labels are above
            the scale.
    """
    lists = padded(read_graded_lists(args.file), args.pad_from, args.seed)
    usable = [graded for graded in lists if graded.can_be_ranked]
    if not usable:
        raise DataError("no list has documents of two grades; try --pad_from", field=str(args.file))
    if len(usable) < len(lists):
        left_out = len(lists) - len(usable)
        print(f"{left_out} lists with documents of one grade left out", file=sys.stderr)
    highest = max(max(graded.grades) for graded in usable)
    top_grade = args.top_grade or highest
    if top_grade < highest:
        raise DataError(f"the file has labels of {highest}", field="--top_grade")
    return Plan(
        usable,
        ClickModel.named(args.clicks, top_grade),
        args.units,
        args.requests,
        args.seed,
        args.run or f"replay-{secrets.token_hex(4)}",
        args.send_grades,
    )


async def replay(plan: Plan, args: argparse.Namespace) -> tuple[Any, int]:
    """Send it all; the summary, and the number of the signal that ended it early or 0."""
    summary = ReplaySummary()
    pace = OpenLoop(args.rate, args.in_flight)
    begin = time.monotonic()
    async with connections(args.url, args.in_flight, args.timeout) as client:
        await pace.run(plan.requests, ReplaySession(plan, client, summary).send)
    seconds = time.monotonic() - begin
    found = summary.as_json(seconds, pace.lateness_s, pace.unfinished)
    return {"run": plan.run, **found}, pace.stopped_by


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command.

    The exit status is 0; 1 when nothing was answered; 2 for a usage error; 128 and the signal's
    number when it was ended early, with the summary so far.
    """
    args = _options().parse_args(argv)
    try:
        found, stopped_by = asyncio.run(replay(build_plan(args), args))
    except RankingError as error:
        print(f"experiments.replay: error: {error}", file=sys.stderr)
        return 1 if isinstance(error, ServiceError) else 2
    print(json.dumps(found, indent=2, ensure_ascii=False) if args.json else as_text(found))
    if stopped_by:
        return 128 + int(stopped_by)
    return 0 if found["variants"] else 1


if __name__ == "__main__":
    sys.exit(main())
