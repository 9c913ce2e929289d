# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Score the pairs of a file with a pair-wise ranker, and print a line for each.

Run as ``python -m train.predict_pairwise --input_file FILE --params_path CHECKPOINT``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

if __package__ in (None, ""):
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from train.data.faults import UNLABELLED
from train.options import add_encoding_options, run_command

_INPUTS = {"input_file": (UNLABELLED,)}


def make_parser() -> argparse.ArgumentParser:
    """Options with upstream's names, and ours beside them."""
    parser = argparse.ArgumentParser(
        prog="predict_pairwise",
        description="Score the pairs of a file with a pair-wise ranker, and print a line for each.",
    )
    parser.add_argument(
        "--input_file",
        required=True,
        help="rows of query and title: TSV, .jsonl or .parquet; a TSV of two or three columns may "
        "come without a header",
    )
    parser.add_argument("--params_path", required=True, help="checkpoint directory or file")
    parser.add_argument(
        "--model_name_or_path",
        default="ernie-3.0-medium-zh",
        help="backbone of a parameter file that comes alone (default: %(default)s)",
    )
    parser.add_argument("--output_file", type=Path, help="also write the lines here, as JSON")
    add_encoding_options(parser, max_seq_length=None)
    return parser


def run(options: argparse.Namespace) -> None:
    """Predict with parsed options."""
    from train.model.prediction import predict, show
    from train.model.ranker import PAIRWISE

    scored = predict(options, PAIRWISE, options.input_file)
    lines = (scored.line(i, "query", "title") for i in range(len(scored)))
    show(lines, options.output_file)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Command line entry."""
    return run_command(run, make_parser(), arguments, _INPUTS)


if __name__ == "__main__":
    sys.exit(main())
