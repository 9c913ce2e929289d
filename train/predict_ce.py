# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Score the pairs of a file with a cross-encoder, and print the best of them.

Run as ``python -m train.predict_ce --test_set FILE --params_path CHECKPOINT``.
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
from train.option_types import positive_int
from train.options import add_encoding_options, run_command

_INPUTS = {"test_set": (UNLABELLED,)}


def make_parser() -> argparse.ArgumentParser:
    """Options with upstream's names, and ours beside them."""
    parser = argparse.ArgumentParser(
        prog="predict_ce",
        description="Score the pairs of a file with a cross-encoder, and print the best of them.",
    )
    parser.add_argument(
        "--test_set",
        required=True,
        help="rows of query and title: TSV, .jsonl or .parquet; a TSV of two or three columns may "
        "come without a header",
    )
    parser.add_argument("--params_path", required=True, help="checkpoint directory or file")
    parser.add_argument(
        "--model_name_or_path",
        default="rocketqa-base-cross-encoder",
        help="backbone of a parameter file that comes alone (default: %(default)s)",
    )
    parser.add_argument(
        "--topk",
        type=positive_int,
        default=10,
        help="how many lines to print (default: %(default)s)",
    )
    parser.add_argument("--output_file", type=Path, help="also write the lines here, as JSON")
    add_encoding_options(parser, max_seq_length=None)
    return parser


def run(options: argparse.Namespace) -> None:
    """Predict with parsed options."""
    from contract.scoring import rank_order
    from train.model.prediction import predict, show
    from train.model.ranker import CROSS_ENCODER

    scored = predict(options, CROSS_ENCODER, options.test_set)
    best = rank_order(scored.margins, options.topk)
    show((scored.line(i, "text_a", "text_b") for i in best), options.output_file)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Command line entry."""
    return run_command(run, make_parser(), arguments, _INPUTS)


if __name__ == "__main__":
    sys.exit(main())
