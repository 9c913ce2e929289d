# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Starts the C++ program in place of this process, by config_nlp.yml.

``python -m general_model_service.rank_service --config config_nlp.yml`` serves the rankers of the
file that ``python -m pipeline.web_service`` takes, on the same ports. The program reads the file.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from contract.errors import SetUpError
from general_model_service.program import find_program, with_libraries

PROG = "rank_service"
CONFIG_FILE = "config_nlp.yml"
_EXIT_USAGE = 2


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Become the program; returns 2 only when that cannot be done."""
    parser = argparse.ArgumentParser(prog=PROG, description="Serve the rankers, without Python.")
    parser.add_argument("--config", help="config_nlp.yml (default: working directory, repository)")
    parser.add_argument(
        "--check_config", action="store_true", help="say what is wrong with it, or ok, and end"
    )
    given = parser.parse_args(argv)
    arguments = ["--config", str(find_config(given.config))]
    arguments += ["--check_config"] if given.check_config else []
    try:
        program = str(find_program(os.environ))
        environment = with_libraries(os.environ)
        sys.stderr.flush()
        os.execve(program, [program, *arguments], environment)
    except SetUpError as error:
        print(f"{PROG}: error: {error}", file=sys.stderr)
    except OSError as error:
        print(f"{PROG}: error: the program does not start ({error})", file=sys.stderr)
    return _EXIT_USAGE


def find_config(named: Optional[str]) -> Path:
    """The file that --config names, else the working directory's, else the repository's."""
    if named is not None:
        return Path(named)
    here = Path(CONFIG_FILE)
    return here if here.is_file() else Path(__file__).resolve().parents[1] / CONFIG_FILE


if __name__ == "__main__":
    sys.exit(main())
