# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Options of the commands that ask teachers. Imports none of them, so that ``--help`` is quick."""

from __future__ import annotations

import argparse
from pathlib import Path

from train.option_types import positive_int
from train.options import add_tokenizer_threads

_CACHE_DIR = Path(".cache/teachers")


def add_runtime_options(parser: argparse.ArgumentParser) -> None:
    """How teachers compute, and where they keep what they have computed."""
    add = parser.add_argument
    add(
        "--cache_dir",
        type=Path,
        default=_CACHE_DIR,
        help="where scores and vectors are kept, so that none is computed twice (default: "
        "%(default)s)",
    )
    add("--batch_size", type=positive_int, default=32, help="rows at once (default: 32)")
    add(
        "--cpu_threads",
        type=positive_int,
        help="threads of a teacher (default: OMP_NUM_THREADS, or all processors)",
    )
    add_tokenizer_threads(parser)
