# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Starts a program as a child process, in a session and a directory of its own, and ends it.

What is left of the session is killed, so that no measurement and no test leaves a process behind.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Optional, TypeVar

from contract.errors import SetUpError

REPOSITORY = Path(__file__).resolve().parent.parent

_STOP_LIMIT_S = 15.0

_Child = TypeVar("_Child", bound="ChildService")


# below those that Linux gives to connections, which could take one before its service listens
_PORTS = range(12000, 32000)
# processes that start one after the other begin far apart, and each comes back to a port late
_next_port = itertools.count(os.getpid() * 7919)


def free_port() -> int:
    """A TCP port that nobody listens on now.

    Raises:
        SetUpError: all of 12000 to 31999 are taken.
    """
    for _ in _PORTS:
        port = _PORTS[next(_next_port) % len(_PORTS)]
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise SetUpError(f"no free port in {_PORTS[0]} to {_PORTS[-1]}", field="port")


class ChildService:
    """A service as a child process; a context manager that stops it.

    Attributes:
        process: the child.
        stop_limit_s: how long it may drain before it is killed.
    """

    def __init__(
        self,
        command: Sequence[str],
        directory: Path,
        env: Optional[Mapping[str, str]] = None,
        *,
        piped: bool = False,
    ) -> None:
        """Start it.

        Args:
            command: the program and its arguments; Python finds the project's modules.
            directory: becomes the working directory; gets the log.
            env: variables beside this process's own.
            piped: keep its standard input and output for the caller; the log gets its errors.
        """
        self.stop_limit_s = _STOP_LIMIT_S
        self._log = directory / "service.log"
        search = [str(REPOSITORY), *filter(None, [os.environ.get("PYTHONPATH")])]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=directory,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(search), **(env or {})},
                stdin=subprocess.PIPE if piped else None,
                stdout=subprocess.PIPE if piped else log,
                stderr=log,
                # Paddle Serving kills its process group on some errors
                start_new_session=True,
            )

    def failed(self, what: str, reason: str = "") -> SetUpError:
        """An error with the reason, or without one with the end of the log."""
        lines = self.log().strip().splitlines()
        said = reason or " / ".join(lines[-3:])
        return SetUpError(f"the service {what}: {said}", field="service")

    def log(self) -> str:
        """What it has printed so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def memory_mb(self, peak: bool = False) -> float:
        """Resident memory of all its processes, now or at its highest."""
        key = "VmHWM" if peak else "VmRSS"
        return sum(_status_kb(pid, key) for pid in _session(self.process.pid)) / 1024

    def processor_s(self) -> float:
        """Seconds that all its processes have computed so far."""
        return sum(_processor_s(pid) for pid in _session(self.process.pid))

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
            for pipe in (self.process.stdin, self.process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()

    def __enter__(self: _Child) -> _Child:
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


def run_module(module: str, words: Sequence[str], python: Optional[Path] = None) -> str:
    """Run a module of this project to its end in a process of its own.

    Args:
        module: its dotted name.
        words: its arguments.
        python: another Python than this one.

    Returns:
        The last line that it printed.

    Raises:
        SetUpError: it failed; with the last line of what it said.
    """
    done = subprocess.run(
        [str(python or sys.executable), "-m", module, *words],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SetUpError(_last_line(done.stderr), field=module)
    return _last_line(done.stdout)


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no output"])[-1]


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


def _processor_s(pid: int) -> float:
    with contextlib.suppress(OSError):
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
        # after the name, which may hold spaces: state is the first, utime the 12th, stime the 13th
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0
