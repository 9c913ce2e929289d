# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Scored graded lists in, a table of how many queries a split and interleaving need out.

Run as ``python -m experiments.sensitivity --scores FILE``; ``experiments.scored_lists`` makes the
file. Readers are click models, and the better ranker is the one with the higher NDCG@10.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Optional

from contract.errors import DataError, RankingError
from experiments.clicks import CLICK_MODELS, ClickModel
from experiments.queries_needed import LIMIT, POWER, Needed
from experiments.ranker_pairs import DEGRADED, Duel, degraded
from experiments.scored_lists import ScoredList, read_scored_lists
from experiments.split_and_interleaving import INTERLEAVING, METHODS, queries_needed


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


def figures(duel: Duel, args: argparse.Namespace) -> dict[str, Any]:
    """All that is printed, by click model and method.

    Raises:
        DataError: labels are above the scale.
    """
    highest = max(max(grades) for grades in duel.grades)
    top_grade = args.top_grade or max(highest, 1)
    if top_grade < highest:
        raise DataError(f"the file has labels of {highest}", field="--top_grade")
    needed = {
        name: queries_needed(
            duel, ClickModel.named(name, top_grade), args.drafts, args.runs, args.seed
        )
        for name in args.clicks
    }
    return {
        "lists": duel.lists,
        "better": duel.better,
        "worse": duel.worse,
        "bundles": dict(duel.bundles),
        "ndcg_at_10": {duel.better: duel.better_ndcg, duel.worse: duel.worse_ndcg},
        "difference": list(duel.difference),
        "top_grade": top_grade,
        "seed": args.seed,
        "queries_needed": {
            model: {method: asdict(answer) for method, answer in by_method.items()}
            for model, by_method in needed.items()
        },
        "split_over_interleaving": {model: ratio(found) for model, found in needed.items()},
    }


def ratio(needed: dict[str, Needed]) -> Optional[float]:
    """Queries of the split's best metric over those of interleaving."""
    ours = needed[INTERLEAVING].queries
    theirs = [
        answer.queries
        for method, answer in needed.items()
        if method != INTERLEAVING and answer.queries is not None
    ]
    return min(theirs) / ours if ours and theirs else None


def table(found: dict[str, Any]) -> str:
    """The figures as text."""
    mean, low, high = found["difference"]
    ndcg = ", ".join(
        f"{name}{_version(found, name)} {value:.4f}" for name, value in found["ndcg_at_10"].items()
    )
    lines = [
        f"{found['lists']} lists; NDCG@10: {ndcg}; difference {mean:+.4f} [{low:+.4f}, {high:+.4f}]"
    ]
    if low <= 0.0:
        lines.append("these lists do not settle which of the two is better")
    lines.append(
        f"queries until {found['better']} is preferred, p < 0.05, power {POWER:.0%}, "
        f"top grade {found['top_grade']}:"
    )
    rows = [("clicks", *METHODS, "split / interleaving")]
    for model, by_method in found["queries_needed"].items():
        part = found["split_over_interleaving"][model]
        last = "-" if part is None else f"{part:.1f}"
        rows.append((model, *(_cell(Needed(**by_method[name])) for name in METHODS), last))
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines += ["  ".join(map(str.rjust, row, widths)).rstrip() for row in rows]
    return "\n".join(lines)


def _version(found: dict[str, Any], name: str) -> str:
    return f" ({found['bundles'][name]})" if name in found["bundles"] else ""


def _cell(needed: Needed) -> str:
    if needed.queries is not None:
        # simulation leaves an error of about 2 %
        return f"{int(float(f'{needed.queries:.3g}')):,}"
    return "wrong way" if needed.wrong_way else f"> {LIMIT:,}"


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; the exit status is 0, or 2 for a usage error."""
    parser = _options()
    args = parser.parse_args(argv)
    positive = (args.drafts, args.runs, args.degrade, args.top_grade)
    if any(value is not None and not value > 0 for value in positive):
        parser.error("--drafts, --runs, --degrade and --top_grade must be above 0")
    try:
        found = figures(build_duel(args), args)
    except RankingError as error:
        print(f"experiments.sensitivity: error: {error}", file=sys.stderr)
        return 2
    print(json.dumps(found, indent=2, ensure_ascii=False) if args.json else table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
