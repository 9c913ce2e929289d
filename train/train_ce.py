# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Train the cross-encoder on labelled pairs.

Run as ``python -m train.train_ce --train_set FILE --test_file FILE``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

if __package__ in (None, ""):
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from train.data.faults import LABELLED
from train.loss_options import add_loss_options, choose_losses
from train.option_types import positive_int
from train.options import add_encoding_options, add_training_options, run_command

_INPUTS = {"train_set": (LABELLED,), "test_file": (LABELLED,)}


def make_parser() -> argparse.ArgumentParser:
    """Options with upstream's names and defaults, and ours beside them."""
    parser = argparse.ArgumentParser(
        prog="train_ce", description="Train the cross-encoder on labelled pairs."
    )
    parser.add_argument(
        "--train_set", required=True, help="rows of query, title, label: TSV, .jsonl or .parquet"
    )
    parser.add_argument(
        "--valid_steps",
        type=positive_int,
        default=100,
        help="steps between losses on a sample of the dev rows (default: %(default)s)",
    )
    add_encoding_options(parser, max_seq_length=128)
    add_training_options(parser, model="rocketqa-base-cross-encoder", save_steps=100)
    add_loss_options(parser, own="cross_entropy")
    return parser


def run(options: argparse.Namespace) -> None:
    """Train with parsed options."""
    from train.data.dataset import read_labelled_pairs
    from train.data.lists import of_pairs
    from train.model.ranker import CROSS_ENCODER
    from train.training.session import train

    choice = choose_losses(options, own="cross_entropy")
    pairs = read_labelled_pairs(options.train_set, options.max_bad_rows)
    train(options, CROSS_ENCODER, choice, of_pairs(pairs, choice))


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Command line entry."""
    return run_command(run, make_parser(), arguments, _INPUTS)


if __name__ == "__main__":
    sys.exit(main())
