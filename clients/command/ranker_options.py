# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What the commands of the ranking service's clients take besides the address."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Callable, Optional

from clients.command import show_command
from clients.command.arguments import KEY_VARIABLE, RANKER_CHOICES
from clients.ranker.key_value_client import DEFAULT_SERVICE, KeyValueRankerClient


def parser(prog: str, transport: str) -> argparse.ArgumentParser:
    """The options both commands share; the caller adds the address."""
    made = show_command.parser(prog, transport)
    made.epilog = f"The API key is read from {KEY_VARIABLE}."
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
    connect: Callable[[argparse.Namespace], KeyValueRankerClient],
) -> int:
    """Read the arguments, rank and print; the exit status."""
    args = made.parse_args(argv)
    remedy = "Name ranker, ernie or rocketqa with --service."
    options = {"ranker": args.ranker, "unit_id": args.unit_id, "user_id": args.user_id}
    return show_command.run(made, args, connect, options, remedy)
