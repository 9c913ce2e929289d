# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The parent's side of a worker: starts the child and has it rank."""

from __future__ import annotations

import json
import select
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

from benchmarks.rounds import Round
from benchmarks.workload import RankCall
from child_services.child import ChildService
from contract.errors import InferenceFailed

# a medium model in fp32 answers the whole workload in less on one slow core
_ANSWER_LIMIT_S = 900.0


class WorkerProcess(ChildService):
    """A system in a process of its own; a context manager that ends it."""

    def __init__(
        self, command: Sequence[str], directory: Path, env: Optional[Mapping[str, str]] = None
    ) -> None:
        """Start it and wait until it has loaded.

        Raises:
            SetUpError: it could not start; with what it said.
        """
        super().__init__(command, directory, env, piped=True)
        try:
            first = self._read()
        except InferenceFailed as error:
            self.stop()
            raise self.failed("ended") from error
        if "error" in first:
            self.stop()
            raise self.failed("did not load", str(first["error"]))

    def rank(self, calls: Sequence[RankCall]) -> Round:
        """Rank all calls once.

        Raises:
            InferenceFailed: the system failed, or its process ended.
        """
        answer = self._ask("rank", calls)
        return Round(
            answer["seconds"],
            answer["scores"],
            answer["compute_s"],
            tuple(answer["latencies_s"]),
        )

    def input_ids(self, calls: Sequence[RankCall]) -> list[list[int]]:
        """The token ids of every pair of the calls, unpadded."""
        ids: list[list[int]] = self._ask("encode", calls)["input_ids"]
        return ids

    def _ask(self, what: str, calls: Sequence[RankCall]) -> Any:
        assert self.process.stdin is not None
        line = json.dumps({what: [[call.query, list(call.documents)] for call in calls]})
        try:
            self.process.stdin.write(line.encode("utf-8") + b"\n")
            self.process.stdin.flush()
        except OSError as error:
            raise InferenceFailed("the process has ended", field="worker") from error
        answer = self._read()
        if "error" in answer:
            raise InferenceFailed(str(answer["error"]), field="worker")
        return answer

    def _read(self) -> Any:
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], _ANSWER_LIMIT_S)
        line = self.process.stdout.readline() if ready else b""
        if not line:
            said = "ended" if ready else f"gave no answer in {_ANSWER_LIMIT_S:g} s"
            raise InferenceFailed(f"the process {said}", field="worker")
        return json.loads(line)
