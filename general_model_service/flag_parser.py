# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""An argument parser for flags as Paddle Serving's users write them.

Nothing has a default, so that what comes out is what was given. Flags may be abbreviated, as
upstream's are: its documentation writes ``--gpu_id``.
"""

from __future__ import annotations

import argparse
from typing import NoReturn, Optional

PROG = "python -m general_model_service"

_EXIT_USAGE = 2
_SWITCH_WORDS = {"true": True, "1": True, "false": False, "0": False}


class FlagParser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def __init__(self, description: str) -> None:
        """Make an empty one."""
        super().__init__(prog=PROG, description=description)

    def error(self, message: str) -> NoReturn:
        """Leave with status 2."""
        self.exit(_EXIT_USAGE, f"{self.prog}: error: {message}; see --help\n")

    def add_number(self, name: str, text: str) -> None:
        """Accept a whole number; its range is the program's to check."""
        self.add_argument(name, type=int, metavar="N", help=text)

    def add_switch(self, name: str, text: Optional[str] = None) -> None:
        """Accept ``--name``, and ``--name True`` as upstream's documentation has it."""
        self.add_argument(name, nargs="?", const=True, type=_switch, metavar="True", help=text)


def _switch(word: str) -> bool:
    if word.lower() not in _SWITCH_WORDS:
        raise argparse.ArgumentTypeError(f"stands alone or before True or False, not {word!r}")
    return _SWITCH_WORDS[word.lower()]
