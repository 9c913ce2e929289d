# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The command of ``make tensor-service``: all start, all end, and the status says how.

The program is a script that runs until told to end, or ends by itself where its model says so.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Callable

import pytest

Start = Callable[..., "subprocess.Popen[str]"]

_LIMIT_S = 30.0
# notes its start and how it ends, in the folder that is its model
_PROGRAM = """#!/bin/sh
model=$2
trap 'echo told >$model/ended; exit 0' TERM
echo "$*" >$model/started
case $model in
  *breaks) exit 3 ;;
  *stubborn) trap 'echo told >$model/ended' TERM ;;
esac
while :; do sleep 0.05; done
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "tensor_service"
    path.write_text(_PROGRAM)
    path.chmod(0o755)
    return path


@pytest.fixture
def start(repository: Path, program: Path) -> Iterator[Start]:
    """Starts the command with arguments; what still runs after the test is told to end."""
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "general_model_service.several", *arguments],
            cwd=repository,
            env={**os.environ, "TENSOR_SERVICE_BIN": str(program)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        while process.poll() is None:
            # the first one asks, a further one kills what does not end
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.5)


def models(tmp_path: Path, *names: str) -> list[Path]:
    found = [tmp_path / name for name in names]
    for folder in found:
        folder.mkdir()
    return found


def wait_for(path: Path) -> str:
    deadline = time.monotonic() + _LIMIT_S
    while not path.is_file() or not path.read_text():
        assert time.monotonic() < deadline, f"no {path}"
        time.sleep(0.02)
    return path.read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_all(start: Start, tmp_path: Path, number: signal.Signals) -> None:
    first, second = models(tmp_path, "first", "second")
    process = start(f"{first}=8600", f"{second}=8601", "--", "--precision", "auto")
    assert "--port 8600 --precision auto" in wait_for(first / "started")
    assert "--port 8601 --precision auto" in wait_for(second / "started")
    process.send_signal(number)
    out, err = process.communicate(timeout=_LIMIT_S)
    assert (process.returncode, out, err) == (0, "", "")
    assert (first / "ended").is_file()
    assert (second / "ended").is_file()


def test_when_one_ends_the_other_is_stopped_and_the_status_says_so(
    start: Start, tmp_path: Path
) -> None:
    first, breaks = models(tmp_path, "first", "breaks")
    process = start(f"{first}=8600", f"{breaks}=8601")
    _, err = process.communicate(timeout=_LIMIT_S)
    assert process.returncode == 1
    assert f"{breaks} on port 8601 ended with status 3; stopping all" in err
    assert (first / "ended").is_file() or not (first / "started").is_file()


def test_a_second_signal_does_not_wait(start: Start, tmp_path: Path) -> None:
    (stubborn,) = models(tmp_path, "stubborn")
    process = start(f"{stubborn}=8600")
    wait_for(stubborn / "started")
    process.send_signal(signal.SIGINT)
    wait_for(stubborn / "ended")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=_LIMIT_S)
    assert process.returncode == 0


@pytest.mark.parametrize("arguments", [[], ["serving_models/pairwise"], ["=8600"], ["a=b"]])
def test_a_bad_argument_is_one_line(start: Start, arguments: list[str]) -> None:
    process = start(*arguments)
    out, err = process.communicate(timeout=_LIMIT_S)
    assert (process.returncode, out, err.count("\n")) == (2, "", 1)
    assert "MODEL=PORT" in err
