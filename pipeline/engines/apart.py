# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Has the candidates of ``engine: auto`` timed in another process.

The engines that lose, and what PaddlePaddle loads at its import, take their memory along when that
process ends: 400 MB for the two small bundles. An engine that ends it by a signal is passed over.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from contract.errors import SetUpError
from pipeline.engines.timing import Timed
from pipeline.request.route import Target

_REPOSITORY = Path(__file__).resolve().parents[2]
# the key of a line that says why nothing could be timed
REFUSAL = "refusal"
_PROGRAM = (sys.executable, "-m", "pipeline.engines.time_candidates")


class TimedApart:
    """Times candidates of one bundle; called with their names."""

    def __init__(
        self, config: Path, target: Target, process: int, program: Sequence[str] = _PROGRAM
    ) -> None:
        """Bind what the other process reads.

        Args:
            config: the service's configuration.
            target: the bundle.
            process: number of the op's process.
            program: what to run, before its arguments.
        """
        facts = [str(config), target.ranker, target.bundle, str(process)]
        self._command = [*program, *facts]

    def __call__(self, names: Sequence[str]) -> Iterator[Timed]:
        """Time the candidates, in their order; one that ends the process has no rate.

        Raises:
            SetUpError: the configuration no longer is what the service started with.
        """
        left = list(names)
        while left:
            with subprocess.Popen(
                [*self._command, *left],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                env=_environment(),
            ) as child:
                assert child.stdout is not None
                for line in child.stdout:
                    timed = _timed(json.loads(line))
                    left.remove(timed.name)
                    yield timed
            if left:
                yield Timed(left.pop(0), 0.0, f"its process {_end(child.returncode)}")


def _end(status: int) -> str:
    return f"ended by signal {-status}" if status < 0 else f"ended with status {status}"


def _environment() -> dict[str, str]:
    """This process's own, with the project's modules to be found from any working directory."""
    search = [str(_REPOSITORY), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(search)}


def _timed(said: dict[str, Any]) -> Timed:
    if REFUSAL in said:
        raise SetUpError(f"engines cannot be timed: {said[REFUSAL]}; start again")
    return Timed(**said)
