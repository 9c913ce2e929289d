# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A clean working copy in which the pages' blocks are run as they stand.

It holds the files that git knows, with these differences, so that blocks need no other ports, no
network and no compiler:

* the ports that pages name are free ones, in blocks, configuration, Makefile and defaults of code;
* ``.venv`` is the environment of the tests, ``.venv-card`` that of the repository;
* ``bootstrap.sh`` and ``general_model_service/build.sh`` do nothing: what they make is there.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from child_services.child import free_port
from child_services.tensor_process import PROGRAM
from tests.conftest import REPOSITORY
from tests.sets import CARD_PYTHON

PORTS = (8088, 8089, 8600, 8601)
READY_PORTS = (8088, 8600, 8601)
MADE_ALREADY = ("bootstrap.sh", "general_model_service/build.sh")

_START_LIMIT_S = 120.0
_BLOCK_LIMIT_S = 200.0
_POLL_S = 0.1
_WITH_PORTS = (".py", ".yml", "Makefile")
# choices of engines, which only the first run has to time
_HOME = REPOSITORY / ".cache" / "home-of-docs-tests"


class WorkingCopy:
    """The copy, and what runs in it."""

    def __init__(self, root: Path) -> None:
        """Copy the files that git knows, or would add."""
        self.root = root
        self._free = {str(port): str(free_port()) for port in PORTS}
        self._services: list[subprocess.Popen[bytes]] = []
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=REPOSITORY,
            capture_output=True,
            check=True,
        )
        for name in filter(None, listed.stdout.decode("utf-8").split("\0")):
            if (REPOSITORY / name).is_file() and not name.startswith("tests/"):
                self._copy(name)
        (root / ".venv").symlink_to(sys.prefix)
        if CARD_PYTHON.exists():
            card = CARD_PYTHON.parents[1]
            (root / card.name).symlink_to(card)

    def _copy(self, name: str) -> None:
        target = self.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, target)
        if name in MADE_ALREADY:
            target.write_text("#!/bin/sh\n", encoding="utf-8")
        elif name.endswith(_WITH_PORTS):
            text = target.read_text(encoding="utf-8")
            target.write_text(self.with_free_ports(text), encoding="utf-8")

    def port(self, written: int) -> int:
        """The one that stands for a port of the pages."""
        return int(self._free[str(written)])

    def with_free_ports(self, text: str) -> str:
        """The text with the ports of this copy."""
        ports = "|".join(self._free)
        return re.sub(rf"\b({ports})\b", lambda match: self._free[match[1]], text)

    def run(self, language: str, text: str, card: bool) -> subprocess.CompletedProcess[str]:
        """Run a block to its end; ``card`` is for Python, a shell names its programs itself."""
        python = str(CARD_PYTHON) if card else sys.executable
        program = ["bash", "-euo", "pipefail", "-c"] if language == "sh" else [python, "-c"]
        return subprocess.run(
            [*program, self.with_free_ports(text)],
            cwd=self.root,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_BLOCK_LIMIT_S,
            check=False,
        )

    def serve(self, line: str) -> None:
        """Start a service and let it run."""
        log = self.root / f"service-{len(self._services)}.log"
        with log.open("wb") as stream:
            self._services.append(
                subprocess.Popen(
                    ["bash", "-c", f"exec {self.with_free_ports(line)}"],
                    cwd=self.root,
                    env=self._environment(),
                    stdout=stream,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            )

    def wait_ready(self) -> None:
        """Wait until all services take requests."""
        deadline = time.monotonic() + _START_LIMIT_S
        for written in READY_PORTS:
            url = f"http://127.0.0.1:{self.port(written)}/ready"
            while not _answers(url):
                logs = [p.read_text(encoding="utf-8") for p in self.root.glob("service-*.log")]
                assert all(service.poll() is None for service in self._services), logs
                assert time.monotonic() < deadline, logs
                time.sleep(_POLL_S)

    def stop(self) -> None:
        """Stop all services."""
        for service in self._services:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(service.pid, signal.SIGTERM)
        for service in self._services:
            try:
                service.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(service.pid, signal.SIGKILL)
                service.wait()

    def _environment(self) -> dict[str, str]:
        _HOME.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "HOME": str(_HOME), "TENSOR_SERVICE_BIN": str(PROGRAM)}
        for name in ("PYTHONPATH", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
            environment.pop(name, None)
        return environment


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5.0):
            return True
    except (OSError, urllib.error.URLError):
        return False
