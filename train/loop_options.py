# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Options of the training loop: how a step is taken, when training stops, what is kept.

Imports no paddle, so that ``--help`` answers at once.
"""

from __future__ import annotations

import argparse

from train.option_types import boolean, count, decay, positive_int, ratio, weight

PRETRAINED_RATE = 5e-5
UNTRAINED_RATE = 7e-4
KEPT_CHECKPOINTS = 5


def add_loop_options(parser: argparse.ArgumentParser) -> None:
    """Options of both training commands; without them a step is upstream's."""
    _add_rate_options(parser)
    _add_step_options(parser)
    add = parser.add_argument
    add(
        "--early_stopping",
        type=positive_int,
        metavar="N",
        help="stop after N evaluations without a gain on the dev rows (default: never)",
    )
    add(
        "--save_total_limit",
        type=count,
        default=KEPT_CHECKPOINTS,
        metavar="N",
        help="keep the newest N of this run's model_STEP, 0 for all; best and last always stay "
        "(default: %(default)s)",
    )


def _add_rate_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--learning_rate",
        type=weight,
        help=f"at its peak (default: {PRETRAINED_RATE:g} for a model with weights, "
        f"{UNTRAINED_RATE:g} for one without)",
    )
    add(
        "--layer_decay",
        type=ratio,
        default=1.0,
        metavar="X",
        help="each layer learns at X times the rate of the one above it (default: 1, all alike)",
    )


def _add_step_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--gradient_accumulation_steps",
        type=positive_int,
        default=1,
        metavar="N",
        help="batches of --batch_size rows for one step (default: 1)",
    )
    add(
        "--gradient_checkpointing",
        type=boolean,
        nargs="?",
        const=True,
        default=False,
        help="compute each layer again in the backward pass, which takes less memory and more time",
    )
    add(
        "--ema_decay",
        type=decay,
        default=0.0,
        metavar="X",
        help="evaluate and save the moving average of the weights, such as 0.999 (default: 0, off)",
    )
    add(
        "--rdrop",
        type=weight,
        default=0.0,
        metavar="X",
        help="weight of R-Drop: two dropouts of a row should agree (default: 0, off)",
    )
    add(
        "--fgm",
        type=weight,
        default=0.0,
        metavar="X",
        help="length of FGM's adversarial step in the word embeddings (default: 0, off)",
    )
