# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Add the scores of one or several teachers to a training file, for the rankers to learn from.

Run as ``python -m train.teach --teacher SPEC --input FILE --output FILE``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

if __package__ in (None, ""):
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from train.options import run_command
from train.teacher_options import add_runtime_options


def make_parser() -> argparse.ArgumentParser:
    """All options; no teacher is opened."""
    parser = argparse.ArgumentParser(
        prog="teach", description="Add the scores of teachers to pairs, triples or lists."
    )
    parser.add_argument(
        "--teacher",
        action="append",
        required=True,
        metavar="SPEC",
        help="checkpoint:DIR, bundle:DIR, hf-cross-encoder:DIR, hf-bi-encoder:DIR, e5 or "
        "command:LINE; once for each teacher",
    )
    parser.add_argument(
        "--weight",
        action="append",
        type=float,
        default=[],
        help="of each teacher, in their order (default: all alike)",
    )
    parser.add_argument(
        "--input", type=Path, required=True, help="pairs or triples (TSV), or lists (.jsonl)"
    )
    parser.add_argument(
        "--output", type=Path, required=True, help="the same rows with teacher_score"
    )
    parser.add_argument(
        "--calibrate",
        action="store_true",
        help="scale the scores to logits that fit the file's labels, as the cross-encoder learns "
        "them; for teachers whose scores are no logits",
    )
    add_runtime_options(parser)
    return parser


def run(options: argparse.Namespace) -> None:
    """Score the file, and write it."""
    from train.teachers.mixture import calibrate, mix
    from train.teachers.scored_file import ScoredFile

    weights = _weights(options)
    file = ScoredFile(options.input, options.output, labelled=options.calibrate)
    scores = mix(_columns(options, file.pairs), weights, options.teacher)
    if options.calibrate:
        scores = calibrate(scores, file.relevant, str(options.input))
    file.write(scores)
    print(f"{options.output}: {file.rows} rows with the scores of {len(weights)} teachers")


def _weights(options: argparse.Namespace) -> list[float]:
    from contract.errors import SetUpError

    weights = options.weight or [1.0] * len(options.teacher)
    if len(weights) != len(options.teacher):
        raise SetUpError(
            f"there are {len(weights)} for {len(options.teacher)} teachers; name one for each",
            field="weight",
        )
    if not all(0 < weight < float("inf") for weight in weights):
        raise SetUpError("must be above 0; leave a teacher out instead", field="weight")
    return list(weights)


def _columns(options: argparse.Namespace, pairs: Sequence[tuple[str, str]]) -> list[Any]:
    """Scores ``[len(pairs)]`` of each teacher."""
    from train.teachers.spec import open_teacher
    from train.teachers.teacher import Runtime

    runtime = Runtime(options.batch_size, options.cpu_threads)
    # all of them first: a wrong name is told before the first one has worked for an hour
    teachers = [open_teacher(spec, runtime, options.cache_dir) for spec in options.teacher]
    return [teacher.scores(pairs) for teacher in teachers]


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Command line entry."""
    return run_command(run, make_parser(), arguments)


if __name__ == "__main__":
    sys.exit(main())
