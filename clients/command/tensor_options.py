# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The commands of the tensor clients: who is asked, by which bundle, and who gets which variant."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import Any, Callable, NamedTuple, Optional

from clients.command import show_command
from clients.tensor.client import DEFAULT_BUNDLE, TensorClient
from clients.tensor.variants import DEFAULT_ENDPOINT

_VARIANT = re.compile(
    r"(?P<tag>[^=]+)=(?P<weight>[^:]+):(?P<endpoints>[^@]+)(?:@(?P<bundle>.+))?", re.DOTALL
)
_VARIANT_FORM = "TAG=WEIGHT:HOST:PORT[,HOST:PORT][@BUNDLE]"

Make = Callable[..., TensorClient]


class _VariantOption(NamedTuple):
    tag: str
    endpoints: list[str]
    weight: float
    bundle: Optional[str]


def parser(prog: str, transport: str) -> argparse.ArgumentParser:
    """The options both commands share; the caller adds its own."""
    made = show_command.parser(prog, f"{transport}, by the C++ tensor service")
    made.add_argument(
        "--endpoint",
        metavar="HOST:PORT[,HOST:PORT]",
        help=f"the service, or several of one bundle [{DEFAULT_ENDPOINT}]",
    )
    made.add_argument(
        "--bundle", default=DEFAULT_BUNDLE, help="the bundle that is served there [pairwise]"
    )
    made.add_argument(
        "--variant",
        action="append",
        default=[],
        type=_variant,
        metavar=_VARIANT_FORM,
        help="instead of --endpoint, and many times: divide units between variants by weight",
    )
    made.add_argument("--unit", help="who keeps one variant, such as a user [the query]")
    made.add_argument("--salt", default="", help="name of the experiment that divides the units")
    made.add_argument(
        "--padded", action="store_true", help="pad the rows here instead of in the service"
    )
    return made


def run(made: argparse.ArgumentParser, argv: Optional[Sequence[str]], make: Make) -> int:
    """Read the arguments, rank and print; the exit status.

    Args:
        made: the parser.
        argv: the arguments.
        make: called with the arguments, and with what all tensor clients take by name.
    """
    args = made.parse_args(argv)
    if args.variant and args.endpoint:
        made.error("--variant stands instead of --endpoint")
    return show_command.run(
        made,
        args,
        lambda args: _connect(args, make),
        {"unit": args.unit},
        "Name the tensor service's port with --endpoint.",
    )


def _connect(args: argparse.Namespace, make: Make) -> TensorClient:
    common: dict[str, Any] = {
        "bundle": args.bundle,
        "timeout_s": args.timeout,
        "padded": args.padded,
        "salt": args.salt,
    }
    if not args.variant:
        return make(args, endpoints=(args.endpoint or DEFAULT_ENDPOINT).split(","), **common)
    client = make(args, **common)
    for variant in args.variant:
        client.add_variant(*variant)
    return client


def _variant(text: str) -> _VariantOption:
    found = _VARIANT.fullmatch(text)
    try:
        if found is None:
            raise ValueError
        weight = float(found["weight"])
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"must be {_VARIANT_FORM}, got {text!r}") from error
    return _VariantOption(found["tag"], found["endpoints"].split(","), weight, found["bundle"])
