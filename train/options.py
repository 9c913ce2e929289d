# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Options that several training commands have in common, and how they report a user's mistake.

Imports no paddle, so that ``--help`` answers at once.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Callable, Optional

from contract.bundle.split import STATE_TYPES
from contract.environment.cpu import prepare_math_library
from contract.errors import RankingError
from contract.text.rules import NEW_RULES, NORMALIZATIONS, TRUNCATIONS, TextRules
from contract.text.tokenizer_threads import set_tokenizer_threads
from train.inputs import Inputs, add_input_options, inputs_ready
from train.loop_options import add_loop_options
from train.option_types import boolean, fraction, positive_int

Command = Callable[[argparse.Namespace], None]

DEVICES = ("cpu", "gpu", "xpu", "npu")


def add_tokenizer_threads(parser: argparse.ArgumentParser) -> None:
    """The option that :func:`contract.text.tokenizer_threads.set_tokenizer_threads` takes."""
    parser.add_argument(
        "--tokenizer_threads",
        type=positive_int,
        help="threads of the tokenizer (default: TOKENIZER_THREADS, or else one)",
    )


def add_encoding_options(parser: argparse.ArgumentParser, max_seq_length: Optional[int]) -> None:
    """Options of every command that reads texts and runs a model."""
    parser.add_argument(
        "--max_seq_length",
        type=positive_int,
        default=max_seq_length,
        help="longest row in tokens, query and title together (default: "
        + (f"{max_seq_length})" if max_seq_length else "the checkpoint's own)"),
    )
    parser.add_argument(
        "--batch_size", type=positive_int, default=32, help="rows per device (default: 32)"
    )
    parser.add_argument("--seed", type=int, default=1000, help="of all draws (default: 1000)")
    parser.add_argument(
        "--device",
        choices=DEVICES,
        default="gpu",
        help="cpu is taken where there is none (default: gpu)",
    )
    parser.add_argument(
        "--cpu_threads",
        type=positive_int,
        help="threads of one process on the cpu (default: OMP_NUM_THREADS, or all processors)",
    )
    add_tokenizer_threads(parser)
    add_input_options(parser)


def add_rule_options(parser: argparse.ArgumentParser, default: Optional[str] = None) -> None:
    """Options on how texts become rows; ``default`` says what holds without them."""
    begun = "that of --init_from_ckpt, or else "
    truncation, normalization = (default or begun + rule for rule in NEW_RULES)
    parser.add_argument(
        "--truncation",
        choices=TRUNCATIONS,
        help="what is cut of a pair that is too long: token by token the longer of the two, or the "
        f"title and only then the query (default: {truncation})",
    )

    parser.add_argument(
        "--normalization",
        choices=NORMALIZATIONS,
        help="nfkc: full-width letters, radicals and their like are what they stand for (default: "
        f"{normalization})",
    )


def named_rules(options: argparse.Namespace) -> dict[str, Optional[str]]:
    """What :func:`add_rule_options` read."""
    return {name: getattr(options, name) for name in TextRules._fields}


def add_training_options(parser: argparse.ArgumentParser, *, model: str, save_steps: int) -> None:
    """Options of both training commands."""
    add = parser.add_argument
    add(
        "--test_file",
        required=True,
        help="dev rows of query, title, label: TSV, .jsonl or .parquet",
    )
    add("--save_dir", default="./checkpoint", help="where checkpoints go (default: %(default)s)")
    add("--weight_decay", type=float, default=0.0, help="of AdamW (default: %(default)s)")
    add("--epochs", type=positive_int, default=3, help="passes over the rows (default: 3)")
    add("--max_steps", type=positive_int, help="stop after so many steps, whatever --epochs says")
    add(
        "--warmup_proportion",
        type=fraction,
        default=0.0,
        help="part of all steps in which the learning rate rises (default: 0)",
    )
    add(
        "--eval_step",
        type=positive_int,
        default=200,
        help="steps between evaluations (default: 200)",
    )
    # upstream calls it save_step in one command and save_steps in the other
    add(
        "--save_steps",
        "--save_step",
        type=positive_int,
        default=save_steps,
        help="steps between checkpoints (default: %(default)s)",
    )
    add(
        "--logging_steps",
        type=positive_int,
        default=10,
        help="steps between log lines (default: 10)",
    )
    add("--init_from_ckpt", help="checkpoint directory or parameter file to resume from")
    add(
        "--model_name_or_path",
        default=model,
        help="PaddleNLP's name, or a local directory or configuration file (default: %(default)s)",
    )
    add("--tokenizer", help="directory with vocab.txt, where the model's own has none")
    add(
        "--init",
        choices=("default", "matching"),
        default="default",
        help="how to initialise a model that comes without weights",
    )
    add(
        "--joint_layers",
        type=positive_int,
        help="upper layers that see query and title together; those below see one of them each, so "
        "that what they make of a title can be kept (default: the model's own, or else all)",
    )
    add(
        "--state_size",
        type=positive_int,
        help="numbers of a token that are kept between the layers that --joint_layers divides, by "
        "a linear layer (default: the model's own, or else its hidden size)",
    )
    add(
        "--state_type",
        choices=STATE_TYPES,
        help="what these numbers are rounded to, in training too (default: the model's own, or "
        "else fp32)",
    )
    add_rule_options(parser)
    add("--use_amp", type=boolean, nargs="?", const=True, default=False, help="mixed precision")
    add(
        "--scale_loss",
        type=float,
        default=2.0**15,
        help="loss scale to begin with in fp16 (default: %(default)s)",
    )
    add("--teacher_ckpt", help="checkpoint of either ranker to learn from")
    add(
        "--distill_weight",
        type=fraction,
        help="weight of the teacher's part of the loss, without --loss (default: 0.5)",
    )
    add(
        "--length_bucketing",
        action="store_true",
        default=True,
        help="put rows of similar length into one batch (the default)",
    )
    add(
        "--no-length_bucketing",
        dest="length_bucketing",
        action="store_false",
        help="batch rows as they are drawn",
    )
    add_loop_options(parser)


def _default_threads() -> int:
    """What OMP_NUM_THREADS says, or this process's part of the processors it may run on."""
    stated = os.environ.get("OMP_NUM_THREADS", "")
    if stated.isdigit() and int(stated) > 0:
        return int(stated)
    processes = int(os.environ.get("PADDLE_LOCAL_SIZE", "1"))
    return max(1, len(os.sched_getaffinity(0)) // processes)


def run_command(
    command: Command,
    parser: argparse.ArgumentParser,
    arguments: Optional[Sequence[str]] = None,
    inputs: Optional[Inputs] = None,
) -> int:
    """Parse, look at the inputs, run, and turn an error the user can mend into one line.

    Returns:
        The exit status: 2 after such an error.
    """
    options = parser.parse_args(arguments)
    options.command_line = [parser.prog, *(sys.argv[1:] if arguments is None else arguments)]
    warnings.filterwarnings("ignore", message="Setuptools is replacing distutils")
    # before paddle is imported, which sets OMP_NUM_THREADS to 1 where it is missing
    options.cpu_threads = getattr(options, "cpu_threads", None) or _default_threads()
    prepare_math_library()
    set_tokenizer_threads(getattr(options, "tokenizer_threads", None))
    try:
        with inputs_ready(options, inputs):
            command(options)
    except RankingError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"{parser.prog}: interrupted", file=sys.stderr)
        return 130
    return 0
