# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Train the pair-wise ranker on triples of a query, a better and a worse title, or on lists.

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

from train.data.faults import LABELLED, TRIPLES
from train.loss_options import add_loss_options, choose_losses
from train.options import add_encoding_options, add_training_options, run_command

_INPUTS = {"train_file": (TRIPLES, LABELLED), "test_file": (LABELLED,)}


def make_parser() -> argparse.ArgumentParser:
    """Options with upstream's names and defaults, and ours beside them."""
    parser = argparse.ArgumentParser(
        prog="train_pairwise",
        description="Train the pair-wise ranker on triples of a query, a better and a worse title, "
        "or on lists of labelled titles.",
    )
    parser.add_argument(
        "--train_file",
        required=True,
        help="rows of query, title, neg_title, or of query, title, label: TSV, .jsonl or .parquet",
    )
    add_encoding_options(parser, max_seq_length=128)
    add_training_options(parser, model="ernie-3.0-medium-zh", save_steps=10000)
    add_loss_options(parser, own="margin_ranking")
    return parser


def run(options: argparse.Namespace) -> None:
    """Train with parsed options."""
    from train.data.lists import read_training_lists
    from train.model.ranker import PAIRWISE
    from train.training.session import train

    choice = choose_losses(options, own="margin_ranking")
    lists = read_training_lists(options.train_file, choice, options.max_bad_rows)
    train(options, PAIRWISE, choice, lists)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Command line entry."""
    return run_command(run, make_parser(), arguments, _INPUTS)


if __name__ == "__main__":
    sys.exit(main())
