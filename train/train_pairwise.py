# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Train the pair-wise ranker on triples of a query, a better and a worse title.

Run as ``python -m train.train_pairwise --train_file FILE --test_file FILE``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

if __package__ in (None, ""):
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from train.options import add_encoding_options, add_training_options, run_command


def make_parser() -> argparse.ArgumentParser:
    """Options with upstream's names and defaults, and ours beside them."""
    parser = argparse.ArgumentParser(
        prog="train_pairwise",
        description="Train the pair-wise ranker on triples of a query, a better and a worse title.",
    )
    parser.add_argument(
        "--train_file", required=True, help="TSV with the header query<TAB>title<TAB>neg_title"
    )
    parser.add_argument(
        "--margin",
        type=float,
        default=0.2,
        help="how much higher the relevant title should score (default: 0.2)",
    )
    add_encoding_options(parser, max_seq_length=128)
    add_training_options(parser, model="ernie-3.0-medium-zh", save_steps=10000)
    return parser


def run(options: argparse.Namespace) -> None:
    """Train with parsed options."""
    from train.data.dataset import read_triples
    from train.model.ranker import PAIRWISE
    from train.training.objective import PairwiseObjective
    from train.training.session import train

    triples = read_triples(options.train_file, options.max_bad_rows)
    train(
        options,
        PAIRWISE,
        lambda encoder, teacher: PairwiseObjective(triples, encoder, options.margin, teacher),
    )


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Command line entry."""
    return run_command(run, make_parser(), arguments)


if __name__ == "__main__":
    sys.exit(main())
