# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A configuration in, a running service out, in a session and a directory of its own.

Called by benchmarks.run and by the fixtures of the tests; measures start-up and memory.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Optional

import yaml

from clients.http_client import HttpRankerClient
from contract.bundle import CROSS_ENCODER, PAIRWISE, SERVER_DIR
from contract.errors import ServiceError, SetUpError

REPOSITORY = Path(__file__).resolve().parent.parent
CONFIG_FILE = REPOSITORY / "config_nlp.yml"
# the op of each ranker in config_nlp.yml
OP_OF_RANKER = {PAIRWISE: "ernie", CROSS_ENCODER: "rocketqa"}

_START_LIMIT_S = 120.0
_STOP_LIMIT_S = 15.0
_POLL_S = 0.05


def free_port() -> int:
    """A TCP port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def service_config(bundles: Path, rankers: tuple[str, ...]) -> dict[str, Any]:
    """``config_nlp.yml`` with free ports and the bundles ``bundles/<ranker>``."""
    config: dict[str, Any] = yaml.safe_load(CONFIG_FILE.read_text(encoding="utf-8"))
    config["rpc_port"], config["http_port"] = free_port(), free_port()
    config["default_ranker"] = rankers[0]
    for ranker, op in OP_OF_RANKER.items():
        if ranker not in rankers:
            del config["op"][op]
    for ranker in rankers:
        local = config["op"][OP_OF_RANKER[ranker]]["local_service_conf"]
        local["model_config"] = str(bundles.resolve() / ranker / SERVER_DIR)
    return config


class RunningService:
    """``pipeline.web_service`` as a child process; a context manager that stops it.

    Attributes:
        first_answer_s: seconds from the start of Python to the first answer over HTTP.
        stop_limit_s: how long it may drain before it is killed.
    """

    def __init__(self, config: dict[str, Any], directory: Path) -> None:
        """Start it and wait for its first answer.

        Args:
            config: keys of ``config_nlp.yml``.
            directory: becomes the working directory; gets the configuration and the logs.

        Raises:
            SetUpError: it ended, or did not answer in time; with the end of its log.
        """
        self.endpoint = f"127.0.0.1:{config['rpc_port']}"
        self.url = f"http://127.0.0.1:{config['http_port']}"
        self.stop_limit_s = _STOP_LIMIT_S
        self._log = directory / "service.log"
        path = directory / "config.yml"
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        search = [str(REPOSITORY), *filter(None, [os.environ.get("PYTHONPATH")])]
        with self._log.open("wb") as log:
            start = time.monotonic()
            self.process = subprocess.Popen(
                [sys.executable, "-m", "pipeline.web_service", "--config", str(path)],
                cwd=directory,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(search)},
                stdout=log,
                stderr=subprocess.STDOUT,
                # Paddle Serving kills its process group on some errors
                start_new_session=True,
            )
        try:
            self._wait(start + _START_LIMIT_S)
        except BaseException:
            self.stop()
            raise
        self.first_answer_s = time.monotonic() - start

    def _wait(self, deadline: float) -> None:
        with HttpRankerClient(self.url, timeout_s=10.0) as client:
            while True:
                try:
                    client.rank("感冒", ["感冒"])
                    return
                except ServiceError as error:
                    if self.process.poll() is not None:
                        raise self._failed("ended") from error
                    if time.monotonic() > deadline:
                        raise self._failed(f"gave no answer in {_START_LIMIT_S:g} s") from error
                time.sleep(_POLL_S)

    def _failed(self, what: str) -> SetUpError:
        lines = self.log().strip().splitlines()
        return SetUpError(f"the service {what}: {' / '.join(lines[-3:])}", field="service")

    def log(self) -> str:
        """What it has printed so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def memory_mb(self, peak: bool = False) -> float:
        """Resident memory of all its processes, now or at its highest."""
        key = "VmHWM" if peak else "VmRSS"
        return sum(_status_kb(pid, key) for pid in _session(self.process.pid)) / 1024

    def stop(self) -> None:
        """Ask it to drain and end; whatever is left of its session is killed."""
        self.process.terminate()
        try:
            self.process.wait(self.stop_limit_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
        finally:
            for pid in _session(self.process.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.process.wait()

    def __enter__(self) -> RunningService:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        """Stop the service."""
        self.stop()


def _session(leader: int) -> Iterator[int]:
    """Process ids of the session that ``leader`` started."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                if os.getsid(int(entry.name)) == leader:
                    yield int(entry.name)


def _status_kb(pid: int, key: str) -> int:
    with contextlib.suppress(OSError):
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
        for line in status.split("\n"):
            if line.startswith(f"{key}:"):
                return int(line.split()[1])
    return 0
