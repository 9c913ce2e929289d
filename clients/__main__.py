# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The commands of ``python -m clients``: ``rank``, ``models`` and ``ready``, over HTTP.

Their exit statuses are those of the other commands: 0, 1 when the service failed, 2 when the caller
did, 130 when interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Optional

from clients.command import bulk_command
from clients.command.arguments import KEY_VARIABLE, OneLineParser, seconds
from clients.command.exits import EXIT_INTERRUPTED, EXIT_OK, EXIT_SERVICE, print_error, status_of
from clients.ranker.client import RankerClient
from clients.transport.http_sender import DEFAULT_URL
from clients.transport.timeouts import DEFAULT_TIMEOUT_S
from contract.errors import RankingError

_PROG = "python -m clients"


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run one sub-command; the exit status."""
    parser = OneLineParser(prog=_PROG, description="Calls the ranking service over HTTP.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    ranking = commands.add_parser(
        "rank", help="rank the titles of many queries", description=bulk_command.DESCRIPTION
    )
    listing = commands.add_parser("models", help="list what can be asked by name")
    asking = commands.add_parser("ready", help="whether the service takes requests (0 or 1)")
    for command in (ranking, listing, asking):
        _add_service(command)
    bulk_command.add_options(ranking)
    args = parser.parse_args(argv)
    args.api_key = os.environ.get(KEY_VARIABLE, "")
    run = {"rank": bulk_command.run, "models": _models, "ready": _ready}[args.command]
    try:
        return run(args)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except RankingError as error:
        print_error(f"{_PROG} {args.command}", str(error))
        return status_of(error)


def _add_service(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--url",
        default=DEFAULT_URL,
        help=f"base URL of the service [%(default)s]; the API key is read from {KEY_VARIABLE}",
    )
    command.add_argument(
        "--timeout",
        type=seconds,
        default=DEFAULT_TIMEOUT_S,
        metavar="S",
        help="seconds to wait for each answer, retries included [%(default)g]",
    )


def _client(args: argparse.Namespace) -> RankerClient:
    return RankerClient(args.url, api_key=args.api_key, timeout_s=args.timeout)


def _models(args: argparse.Namespace) -> int:
    with _client(args) as client:
        for model in client.models():
            fields = (model.name, model.kind, model.bundle, model.precision)
            print("\t".join(field for field in fields if field))
    return EXIT_OK


def _ready(args: argparse.Namespace) -> int:
    with _client(args) as client:
        ready = client.ready()
    print("ready" if ready else "not ready")
    return EXIT_OK if ready else EXIT_SERVICE


if __name__ == "__main__":
    sys.exit(main())
