# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The commands of the clients of the ranking pipeline: what they take besides the address."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Callable, Optional

from clients import command
from clients.ranker_client import DEFAULT_SERVICE, BaseRankerClient

RANKER_CHOICES = ("pairwise", "cross_encoder", "both")


def parser(prog: str, transport: str) -> argparse.ArgumentParser:
    """The options both commands share; the caller adds the address."""
    made = command.parser(prog, transport)
    made.add_argument(
        "--service",
        default=DEFAULT_SERVICE,
        help="name of the service: ranker, ernie or rocketqa [%(default)s]",
    )
    made.add_argument(
        "--ranker", choices=RANKER_CHOICES, help="which ranker scores [the service's default]"
    )
    made.add_argument("--unit_id", default="", help="what keeps its variant of an experiment")
    made.add_argument("--user_id", default="", help="stands for --unit_id when there is none")
    return made


def run(
    made: argparse.ArgumentParser,
    argv: Optional[Sequence[str]],
    connect: Callable[[argparse.Namespace], BaseRankerClient],
) -> int:
    """Read the arguments, rank and print; the exit status."""
    args = made.parse_args(argv)
    remedy = "Name ranker, ernie or rocketqa with --service."
    options = {"ranker": args.ranker, "unit_id": args.unit_id, "user_id": args.user_id}
    return command.run(made, args, connect, options, remedy)
