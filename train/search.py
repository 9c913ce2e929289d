# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Train with every combination of a few options, and compare them on the development lists.

Run as ``python -m train.search --grid FILE --save_dir DIR train_ce --train_set FILE ...``: what
follows the name of a training command is given to each run as it is.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

if __package__ in (None, ""):
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from contract.errors import SetUpError
from train.option_types import positive_int
from train.options import run_command
from train.searching.grid import Trial, read_grid, trials_of
from train.searching.results import Result, read_result, report

_COMMANDS = ("train_ce", "train_pairwise")
_CHECKOUT = Path(__file__).resolve().parents[1]
# of a child that the user's Ctrl-C, which it got too, ended
_INTERRUPTED = 130


def make_parser() -> argparse.ArgumentParser:
    """Options of the search; those of training are the training command's."""
    parser = argparse.ArgumentParser(
        prog="search",
        description="Train with every combination of a few options, and compare them on the "
        "development lists. Runs that are finished are not repeated, and one that was stopped is "
        "resumed.",
    )
    parser.add_argument(
        "--grid",
        required=True,
        type=Path,
        help='JSON: an object of lists, as {"learning_rate": [1e-5, 2e-5], "margin": [0.1]}, for '
        "all combinations; or a list of objects, one for each run",
    )
    parser.add_argument(
        "--save_dir", required=True, type=Path, help="where each run has a directory"
    )
    parser.add_argument(
        "--most_runs", type=positive_int, default=50, help="refuse a larger grid (default: 50)"
    )
    parser.add_argument("command", choices=_COMMANDS, help="the training command")
    parser.add_argument("rest", nargs=argparse.REMAINDER, help="its options, for all runs alike")
    return parser


def run(options: argparse.Namespace) -> None:
    """Run what is missing, and print the table.

    Raises:
        SetUpError: the grid is not one, or every run failed.
    """
    trials = trials_of(read_grid(options.grid), options.rest)
    if len(trials) > options.most_runs:
        raise SetUpError(
            f"has {len(trials)} runs; leave some out, or raise --most_runs (now "
            f"{options.most_runs})",
            field=str(options.grid),
        )
    results = []
    for number, trial in enumerate(trials, start=1):
        print(f"run {number} of {len(trials)}: {trial}", flush=True)
        results.append(_result_of(trial, options))
    print(report(results), flush=True)
    if not any(result.figures for result in results):
        raise SetUpError("no run has a result; see the lines above", field="search")


def _result_of(trial: Trial, options: argparse.Namespace) -> Result:
    directory = options.save_dir / trial.name
    known = read_result(trial, directory)
    if known.is_over:
        print(f"{directory}: {known.state} before, not run again", flush=True)
        return known
    command = [sys.executable, "-m", f"train.{options.command}", *trial.arguments]
    command += ["--save_dir", str(directory.resolve())]
    if (directory / "last").is_dir():
        command += ["--init_from_ckpt", str((directory / "last").resolve())]
    status = subprocess.run(command, cwd=Path.cwd(), env=_environment()).returncode
    if status == _INTERRUPTED:
        raise KeyboardInterrupt
    if status:
        print(f"run {trial.name} ended with status {status}; the search goes on", file=sys.stderr)
    return read_result(trial, directory)


def _environment() -> dict[str, str]:
    """Let the child find this checkout from whatever directory the search was started in."""
    paths = [str(_CHECKOUT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Command line entry."""
    return run_command(run, make_parser(), arguments)


if __name__ == "__main__":
    sys.exit(main())
