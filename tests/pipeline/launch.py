# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Starts the service as a child process that may fail to start, be killed or be cut off.

It keeps what the process printed and how it ended.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Union

import yaml

from tests.conftest import REPOSITORY

_LIMIT_S = 120.0
# for its end after a test
_END_LIMIT_S = 10.0
# importing the service from a test's working directory; PYTHONPATH would do for -m only
_SCRIPT = REPOSITORY / "pipeline" / "web_service.py"


class Launched:
    """A service in a session and a working directory of its own."""

    def __init__(self, config: Union[str, dict[str, Any]], directory: Path) -> None:
        text = config if isinstance(config, str) else yaml.safe_dump(config)
        (directory / "config_nlp.yml").write_text(text, encoding="utf-8")
        self._files = {name: directory / f"{name}.txt" for name in ("stdout", "stderr")}
        streams = {name: path.open("wb") for name, path in self._files.items()}
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        environment.pop("PYTHONPATH", None)
        self.process = subprocess.Popen(
            [sys.executable, str(_SCRIPT)],
            cwd=directory,
            env=environment,
            start_new_session=True,
            **streams,
        )
        for stream in streams.values():
            stream.close()

    @property
    def stdout(self) -> str:
        return self._files["stdout"].read_text(encoding="utf-8")

    @property
    def stderr(self) -> str:
        return self._files["stderr"].read_text(encoding="utf-8")

    def wait_ready(self) -> Launched:
        deadline = time.monotonic() + _LIMIT_S
        while "ready after" not in self.stdout:
            assert self.process.poll() is None, f"the service ended: {self.stderr}"
            assert time.monotonic() < deadline, f"not ready: {self.stdout}{self.stderr}"
            time.sleep(0.05)
        return self

    def wait_end(self, limit_s: float = _LIMIT_S) -> int:
        """The exit code; raises when the process does not end."""
        return self.process.wait(limit_s)

    def session(self) -> list[int]:
        """Process ids that are left of the session, zombies not counted."""
        left = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdecimal():
                continue
            with contextlib.suppress(OSError):
                running = "\nState:\tZ" not in (entry / "status").read_text(encoding="utf-8")
                if running and os.getsid(int(entry.name)) == self.process.pid:
                    left.append(int(entry.name))
        return left

    def children(self) -> list[int]:
        """Process ids of the session but the service's own."""
        return [pid for pid in self.session() if pid != self.process.pid]

    def __enter__(self) -> Launched:
        return self

    def __exit__(self, *_: object) -> None:
        """Ask what still runs to end, as an operator would; kill what does not."""
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(_END_LIMIT_S)
        for pid in {*self.session(), self.process.pid}:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


def failure(config: Union[str, dict[str, Any]], directory: Path) -> str:
    """The one line on stderr of a service that must not start."""
    with Launched(config, directory) as launched:
        assert launched.wait_end() == 2, launched.stdout
        assert launched.children() == []
        lines = launched.stderr.strip().split("\n")
        assert len(lines) == 1, launched.stderr
        assert "ready" not in launched.stdout
        return lines[0]
