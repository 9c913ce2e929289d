# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A system in a process of its own: its answers, its failures, and that it ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from benchmarks.worker_process import WorkerProcess
from benchmarks.workload import RankCall
from contract.errors import InferenceFailed, SetUpError

PROGRAM = """
import os, sys
from benchmarks.worker import serve

def open_system():
    print("a library prints while it loads", flush=True)
    if sys.argv[1] == "broken":
        raise RuntimeError("a stack\\nno such model")
    return rank, lambda calls: {"input_ids": [[len(d)] for _, ds in calls for d in ds]}

def rank(calls):
    os.system("echo a library prints")
    if calls[0][0] == "die":
        os._exit(3)
    scores = [[1.0 / len(d) for d in ds] for _, ds in calls]
    return {"seconds": 2.0, "compute_s": None, "latencies_s": [2.0], "scores": scores}

sys.exit(serve(open_system))
"""


def worker(directory: Path, kind: str = "good") -> WorkerProcess:
    program = directory / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    return WorkerProcess([sys.executable, str(program), kind], directory)


def test_it_answers_whatever_libraries_print(tmp_path: Path) -> None:
    with worker(tmp_path) as running:
        done = running.rank([RankCall("问", ("ab", "文化文化"))])
        assert (done.scores, done.seconds, done.latencies_s) == ([[0.5, 0.25]], 2.0, (2.0,))
        assert running.input_ids([RankCall("q", ("文化",))]) == [[2]]
        assert running.memory_mb(peak=True) > 1
        assert "a library prints while it loads" in running.log()
    assert running.process.returncode is not None
    with pytest.raises(ProcessLookupError):
        os.kill(running.process.pid, 0)


def test_a_call_that_fails_is_told_and_the_next_is_answered(tmp_path: Path) -> None:
    with worker(tmp_path) as running:
        with pytest.raises(InferenceFailed, match="division by zero"):
            running.rank([RankCall("q", ("",))])
        assert running.rank([RankCall("q", ("a",))]).scores == [[1.0]]


def test_one_that_does_not_load_says_why(tmp_path: Path) -> None:
    with pytest.raises(SetUpError, match="did not load: no such model"):
        worker(tmp_path, "broken")


def test_one_that_ends_is_noticed(tmp_path: Path) -> None:
    with worker(tmp_path) as running:
        for _ in range(2):
            with pytest.raises(InferenceFailed, match="ended"):
                running.rank([RankCall("die", ("a",))])
