# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Prints what a cascade loses in NDCG@10 and saves in time, and proposes how many to keep.

Run as ``python -m experiments.cascade --file LISTS`` beside a service that serves the rankers; it
needs no cascade of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Optional

import numpy as np

from contract.errors import DataError, RankingError, ServiceError
from contract.rankers import BM25, CROSS_ENCODER, RANKERS
from experiments.cascades.curve import Curve, Keep, measure, proposed, usual_keeps
from experiments.cascades.stage_calls import TwoStages, score_lists
from experiments.cascades.table import proposal, table
from experiments.lists.graded_lists import GradedList, padded, read_graded_lists
from experiments.presentation.cascade_plot import plot
from experiments.traffic.ranking_calls import DEFAULT_URL, connections

_TIMEOUT_S = 60.0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.cascade",
        description="Print the loss of NDCG@10 against the cost of a cascade of two stages, and "
        "propose how many documents its first stage keeps.",
    )
    add = parser.add_argument
    add("--url", default=DEFAULT_URL, help="base URL of the service [%(default)s]")
    add("--file", type=Path, required=True, help="graded lists: JSON lines or a TSV")
    add("--cheap", choices=(BM25, *RANKERS), default=BM25, help="first stage [%(default)s]")
    add("--dear", choices=RANKERS, default=CROSS_ENCODER, help="second stage [%(default)s]")
    add("--keep", type=int, nargs="+", metavar="K", help="numbers to try [from 5 to the list]")
    add("--share", type=float, nargs="+", metavar="P", default=[], help="shares to try besides")
    add("--max_loss", type=float, default=0.01, help="bound of the interval [%(default)s]")
    add("--lists", type=int, default=500, help="so many of the file, at random [%(default)s]")
    add("--pad_from", type=int, default=0, help="fill lists shorter than this [none]")
    add("--pool", type=Path, help="further texts to fill lists with, one a line")
    add("--seed", type=int, default=1, help="of the choice, filling, resamples [%(default)s]")
    add("--json", action="store_true", help="print JSON instead of a table")
    add("--plot", type=Path, metavar="FILE.svg", help="draw the curve too")
    return parser


def _check(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    if args.cheap == args.dear:
        parser.error(f"--cheap and --dear are both {args.dear}; name two")
    if any(keep < 1 for keep in args.keep or ()) or not args.max_loss > 0.0:
        parser.error("--keep and --max_loss must be above 0")
    if any(not 0.0 < share < 1.0 for share in args.share):
        parser.error("--share must be above 0 and below 1")
    if args.lists < 1:
        parser.error("--lists must be above 0")
    if args.pad_from < 0:
        parser.error("--pad_from must be at least 0")
    if args.pool is not None and not args.pad_from:
        parser.error("--pool fills lists, which needs --pad_from; give the length of your requests")


def _read(args: argparse.Namespace) -> tuple[list[GradedList], int]:
    """The lists to score, each with a document that is better than another.

    With them, how many of their documents were filled in.

    Raises:
        DataError: a file cannot be read, or no list can be ranked.
    """
    found = read_graded_lists(args.file)
    filled = padded(found, args.pad_from, args.seed, _pool(args.pool))
    lists = [(own, whole) for own, whole in zip(found, filled) if whole.can_be_ranked]
    if not lists:
        raise DataError(
            "no list has documents of two grades; --pad_from fills them with foreign ones",
            field=str(args.file),
        )
    order = np.random.default_rng(args.seed).permutation(len(lists))[: args.lists]
    chosen = [lists[i] for i in order]
    filled_in = sum(len(whole.documents) - len(own.documents) for own, whole in chosen)
    return [whole for _, whole in chosen], filled_in


def _pool(path: Optional[Path]) -> list[str]:
    if path is None:
        return []
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot be read ({error})", field=str(path)) from error
    return [line.strip() for line in lines if line.strip()]


async def _scored(args: argparse.Namespace, lists: Sequence[GradedList]) -> list[TwoStages]:
    async with connections(args.url, 1, _TIMEOUT_S) as client:
        return await score_lists(client, lists, args.cheap, args.dear)


def _print(args: argparse.Namespace, curve: Curve, bundles: dict[str, str]) -> None:
    best = proposed(curve, args.max_loss)
    if args.json:
        fields = {
            **asdict(curve),
            "filling": curve.filling,
            "too_few_lists": curve.too_few,
            "cheap": args.cheap,
            "dear": args.dear,
            "bundles": bundles,
            "max_loss": args.max_loss,
            "proposed": asdict(best) if best is not None else None,
        }
        print(json.dumps(fields, indent=2, ensure_ascii=False))
        return
    print(table(curve, args.cheap, args.dear, args.max_loss))
    print(f"\n{proposal(curve, best, args.cheap, args.dear, args.max_loss)}")
    print("bundles: " + ", ".join(f"{name} {version}" for name, version in bundles.items()))


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; the exit status is 0, 1 for a service error or 2 for a usage error."""
    parser = _options()
    args = parser.parse_args(argv)
    _check(parser, args)
    try:
        lists, filled_in = _read(args)
        scored = asyncio.run(_scored(args, lists))
        keeps: list[Keep] = list(args.keep or usual_keeps(max(len(g.grades) for g in lists)))
        curve = measure(scored, [*keeps, *args.share], args.seed, filled_in)
        if args.plot is not None:
            args.plot.write_text(plot(curve, args.max_loss), encoding="utf-8")
    except RankingError as error:
        print(f"experiments.cascade: error: {error}", file=sys.stderr)
        return 1 if isinstance(error, ServiceError) else 2
    except OSError as error:
        print(f"experiments.cascade: error: {args.plot}: {error.strerror}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    stages = {args.cheap: scored[0].cheap.bundle, args.dear: scored[0].dear.bundle}
    _print(args, curve, {name: version for name, version in stages.items() if version})
    return 0


if __name__ == "__main__":
    sys.exit(main())
