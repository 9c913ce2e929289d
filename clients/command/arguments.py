# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What all commands take from the command line: a parser with one-line errors, counts and times."""

from __future__ import annotations

import argparse
from typing import NoReturn

from clients.command.exits import EXIT_USAGE
from clients.transport.timeouts import LONGEST_TIMEOUT_S

# the API key stands there, not on the command line, which others can read
KEY_VARIABLE = "RANKER_API_KEY"
RANKER_CHOICES = ("pairwise", "cross_encoder", "cascade", "both")


class OneLineParser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Leave with status 2."""
        self.exit(EXIT_USAGE, f"{self.prog}: error: {message}; see --help\n")


def at_least_one(text: str) -> int:
    """A count in an argument."""
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, got {text!r}")
    return number


def seconds(text: str) -> float:
    """A time in an argument."""
    try:
        given = float(text)
    except ValueError:
        given = 0.0
    if not 0 < given <= LONGEST_TIMEOUT_S:
        raise argparse.ArgumentTypeError(
            f"must be seconds above 0 and at most {LONGEST_TIMEOUT_S}, got {text!r}"
        )
    return given
