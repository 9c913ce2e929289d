# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""How a command ends: its exit status, and the lines on stderr that say why."""

from __future__ import annotations

import os
import sys

from contract.errors import RankingError, ServiceError

EXIT_OK, EXIT_SERVICE, EXIT_USAGE, EXIT_INTERRUPTED = 0, 1, 2, 130


def status_of(error: RankingError) -> int:
    """1 when the service failed, 2 when the caller did."""
    return EXIT_SERVICE if isinstance(error, ServiceError) else EXIT_USAGE


def print_error(prog: str, text: str) -> None:
    """Say what went wrong, in one line."""
    print(f"{prog}: error: {' '.join(text.split())}", file=sys.stderr)


def print_warning(prog: str, text: str) -> None:
    """Say what makes a result doubtful, in one line."""
    print(f"{prog}: warning: {' '.join(text.split())}", file=sys.stderr)


def end_output() -> None:
    """Accept that the reader of the output has had enough.

    Python would complain once more when it flushes at exit.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
