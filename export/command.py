# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Run a command: parse its arguments, and report an error that the user can mend in one line."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Callable, Optional

from contract.environment.cpu import prepare_math_library
from contract.errors import RankingError


def run_command(
    command: Callable[[argparse.Namespace], None],
    parser: argparse.ArgumentParser,
    arguments: Optional[Sequence[str]] = None,
) -> int:
    """Parse and run; 0, or 2 after an error, or 130 after Ctrl-C."""
    options = parser.parse_args(arguments)
    warnings.filterwarnings("ignore", message="Setuptools is replacing distutils")
    # Paddle reports the start of its executor
    os.environ.setdefault("GLOG_minloglevel", "1")
    prepare_math_library()
    try:
        command(options)
    except RankingError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"{parser.prog}: interrupted", file=sys.stderr)
        return 130
    return 0
