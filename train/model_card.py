# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Write the MODEL_CARD.md of a checkpoint: a table of its evaluations, and a text about it.

Run as ``python -m train.model_card --ranker pairwise --text TEXT.md --output CARD.md *.json``; the
JSON files are those of ``python -m train.evaluate --json``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

if __package__ in (None, ""):
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from contract.bundle.files import RELIABILITY_FILE
from contract.errors import DataError
from contract.rankers import RANKERS
from train.evaluation.reliability import Bin, expected_calibration_error, plot, pooled
from train.options import run_command

_METRIC = "NDCG@10"
_RELIABILITY = "## Reliability"
_SYSTEMS = ("ranker", "bm25", "ranker_minus_bm25")


def make_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = argparse.ArgumentParser(
        prog="model_card",
        description="Write the MODEL_CARD.md of a checkpoint from its evaluations and a text.",
    )
    parser.add_argument("--ranker", choices=RANKERS, required=True, help="whose card it is")
    parser.add_argument("--text", type=Path, required=True, help="Markdown below the table")
    parser.add_argument("--output", type=Path, required=True, help="the card to write")
    parser.add_argument(
        "--reliability",
        action="store_true",
        help=f"say how far scores are from probabilities, with {RELIABILITY_FILE} beside the card",
    )
    parser.add_argument("--cpu_threads", type=int, help=argparse.SUPPRESS)
    parser.add_argument(
        "evaluations", type=Path, nargs="+", help="files that train.evaluate --json wrote"
    )
    return parser


def run(options: argparse.Namespace) -> None:
    """Write the card."""
    card = render(options.ranker, options.evaluations, options.text.read_text(encoding="utf-8"))
    options.output.parent.mkdir(parents=True, exist_ok=True)
    if options.reliability:
        bins = {
            path.stem.removeprefix(f"{options.ranker}_"): _bins(path)
            for path in sorted(options.evaluations)
        }
        curves = {"all rows": pooled(bins.values())}
        (options.output.parent / RELIABILITY_FILE).write_text(plot(curves), encoding="utf-8")
        card = with_section(card, _reliability_of(bins))
    options.output.write_text(card, encoding="utf-8")


def render(ranker: str, evaluations: Sequence[Path], text: str) -> str:
    """The card's Markdown.

    Args:
        ranker: ``pairwise`` or ``cross_encoder``; the file names start with it.
        evaluations: one file per held-out list file.
        text: what stands below the table.

    Raises:
        DataError: a file is no evaluation, or they are of different checkpoints.
    """
    found = {path: _read(path) for path in sorted(evaluations)}
    checkpoints = {figures["checkpoint_sha256"] for figures in found.values()}
    if len(checkpoints) > 1:
        raise DataError(
            "the evaluations are of different checkpoints; name those of one",
            field=str(evaluations[0]),
        )
    rows = [_row(path.stem.removeprefix(f"{ranker}_"), f) for path, f in found.items()]
    worse = [
        path.stem.removeprefix(f"{ranker}_")
        for path, figures in found.items()
        if figures["metrics"][_METRIC]["ranker_minus_bm25"][2] < 0
    ]
    verdict = (
        f"It ranks worse than BM25, beyond chance, on: {', '.join(worse)}. Prefer BM25 there.\n\n"
        if worse
        else ""
    )
    length = next(iter(found.values()))["max_seq_length"]
    # evaluations of older releases do not say, nor do those of a ranker that is not split
    said = next((f["layers"] for f in found.values() if f.get("layers")), "")
    layers = f" {said}" if said else ""
    return (
        f"# {ranker}\n\nA small Chinese re-ranker for rows of at most {length} tokens; a title "
        f"that does not fit is cut.{layers}\n\n"
        f"## {_METRIC} on held-out queries\n\n"
        f"| lists | queries | {ranker} | BM25 | difference |\n|---|---|---|---|---|\n"
        + "".join(rows)
        + f"\n{verdict}{text.strip()}\n\nCheckpoint {checkpoints.pop()[:12]}.\n"
    )


def reliability_section(
    method: str, fitted_on: Mapping[str, Any], before: float, after: float, plot: str
) -> str:
    """The part of a card on how far scores are from probabilities.

    Args:
        method: of the calibration.
        fitted_on: its ``rows`` and ``lists``.
        before: expected calibration error without it.
        after: with it, on lists that were held out.
        plot: name of the SVG beside the card.
    """
    return (
        f"{_RELIABILITY}\n\nScores are probabilities that a title is relevant, by {method} on "
        f"{fitted_on['rows']} rows of {fitted_on['lists']} lists. Their expected calibration error "
        f"is {after:.3f} on lists held out of the fit; without calibration it is {before:.3f}. "
        "They hold for queries and titles of that kind.\n\n"
        f"![Part of relevant titles over mean score]({plot})\n"
    )


def _reliability_of(bins: Mapping[str, Sequence[Bin]]) -> str:
    """A line for each evaluation: errors of opposite signs would cancel in all rows together."""
    lines = [f"| {name} | {expected_calibration_error(b):.3f} |" for name, b in bins.items()]
    return (
        f"{_RELIABILITY}\n\nHow far scores are from the part of titles that is relevant, on average"
        "\nover the rows of each kind of list:\n\n| lists | expected calibration error |\n"
        "|---|---|\n" + "\n".join(lines) + "\n\n"
        f"![Part of relevant titles over mean score]({RELIABILITY_FILE})\n"
    )


def _bins(path: Path) -> list[Bin]:
    """Of an evaluation.

    Raises:
        DataError: it has none.
    """
    try:
        return [Bin(*one) for one in json.loads(path.read_text(encoding="utf-8"))["reliability"]]
    except (KeyError, TypeError) as error:
        raise DataError(
            "has no reliability; evaluate the checkpoint again, by this release", field=str(path)
        ) from error


def with_section(card: str, section: str) -> str:
    """A card with a part at its end, in place of the one of that heading if it has one."""
    heading = section.split("\n", 1)[0]
    before, found, rest = f"\n{card}".partition(f"\n{heading}\n")
    rest = rest[rest.index("\n## ") + 1 :] if found and "\n## " in rest else ""
    kept = f"{before.strip()}\n\n{rest.strip()}".strip()
    return f"{kept}\n\n{section}"


def _read(path: Path) -> dict[str, Any]:
    try:
        figures: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        for system in _SYSTEMS:
            low_and_high = figures["metrics"][_METRIC][system][1:]
            if len(low_and_high) != 2:
                raise ValueError(f"{system} has no interval")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"is not a file of evaluate --json with {_METRIC} ({error})", field=str(path)
        ) from error
    return figures


def _row(name: str, figures: dict[str, Any]) -> str:
    cells = []
    for system in _SYSTEMS:
        sign = "+" if system == "ranker_minus_bm25" else ""
        mean, low, high = (f"{x:{sign}.3f}" for x in figures["metrics"][_METRIC][system])
        cells.append(f"{mean} [{low}, {high}]")
    return f"| {name} | {figures['lists']} | {' | '.join(cells)} |\n"


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the command; the process's exit status."""
    return run_command(run, make_parser(), arguments)


if __name__ == "__main__":
    sys.exit(main())
