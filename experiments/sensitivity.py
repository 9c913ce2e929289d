# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Prints how many queries a split and interleaving need to find the better of two rankers.

Run as ``python -m experiments.sensitivity --scores FILE``; ``experiments.scored_lists`` makes the
file. Readers are click models, and the better ranker is the one with the higher NDCG@10.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from contract.errors import DataError, RankingError
from experiments.lists.scored_lists import ScoredList, read_scored_lists
from experiments.power.figures import figures, table
from experiments.power.queries_needed import POWER
from experiments.power.ranker_pairs import DEGRADED, Duel, degraded
from experiments.readers.click_model import CLICK_MODELS


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.sensitivity",
        description="Print how many queries a split and interleaving need to prefer the better of "
        f"two rankers with p < 0.05 at {POWER:.0%} power.",
    )
    add = parser.add_argument
    add("--scores", type=Path, required=True, help="JSON lines of experiments.scored_lists")
    add("--rankers", nargs="+", metavar="NAME", help="two of the file's, or one with --degrade")
    add(
        "--degrade",
        type=float,
        metavar="SIGMA",
        help="compare the one ranker with itself plus Gaussian noise, in standard deviations of a "
        "list's scores",
    )
    add("--clicks", nargs="+", choices=CLICK_MODELS, default=list(CLICK_MODELS), help="[all]")
    add("--top_grade", type=int, help="of the scale of labels [highest of the file]")
    add("--drafts", type=int, default=50, help="interleavings of each list [%(default)s]")
    add("--runs", type=int, default=4000, help="experiments simulated [%(default)s]")
    add("--seed", type=int, default=1, help="[%(default)s]")
    add("--json", action="store_true", help="print JSON instead of a table")
    return parser


def choose(lists: Sequence[ScoredList], names: Optional[Sequence[str]], path: str) -> list[str]:
    """The rankers to compare: those named, else all of the file.

    Raises:
        DataError: a list lacks the scores of one.
    """
    chosen = list(names or lists[0].scores)
    for number, scored in enumerate(lists, start=1):
        for name in chosen:
            if name not in scored.scores:
                message = f"no scores of {name!r}, only of {', '.join(scored.scores) or 'none'}"
                raise DataError(message, field=f"{path}, list {number}")
    return chosen


def build_duel(args: argparse.Namespace) -> Duel:
    """Read the file and take the two rankers of the arguments.

    Raises:
        DataError: the file is malformed, or holds other rankers.
    """
    lists = read_scored_lists(args.scores)
    names = choose(lists, args.rankers, str(args.scores))
    if args.degrade is not None:
        if len(names) != 1:
            raise DataError(f"takes one of --rankers, not {len(names)}", field="--degrade")
        lists = degraded(lists, names[0], args.degrade, args.seed)
        names.append(DEGRADED)
    if len(names) != 2:
        raise DataError(f"name two of {', '.join(names)}", field="--rankers")
    return Duel.of(lists, names[0], names[1])


def top_grade(duel: Duel, asked: Optional[int]) -> int:
    """The highest grade of the scale: the one asked for, else that of the lists.

    Raises:
        DataError: labels are above the scale.
    """
    highest = max(max(grades) for grades in duel.grades)
    grade = asked or max(highest, 1)
    if grade < highest:
        raise DataError(f"the file has labels of {highest}", field="--top_grade")
    return grade


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; the exit status is 0, or 2 for a usage error."""
    parser = _options()
    args = parser.parse_args(argv)
    positive = (args.drafts, args.runs, args.degrade, args.top_grade)
    if any(value is not None and not value > 0 for value in positive):
        parser.error("--drafts, --runs, --degrade and --top_grade must be above 0")
    try:
        duel = build_duel(args)
        grade = top_grade(duel, args.top_grade)
        found = figures(duel, args.clicks, grade, args.drafts, args.runs, args.seed)
    except RankingError as error:
        print(f"experiments.sensitivity: error: {error}", file=sys.stderr)
        return 2
    print(json.dumps(found, indent=2, ensure_ascii=False) if args.json else table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
