# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Starts op processes, and tells the service that they are ready or why they are not.

In process mode each op loads what it needs in a process of its own. Both sides are here: what the
process does before Paddle's loop, and how its parent hears of it.
"""

from __future__ import annotations

import ctypes
import logging
import multiprocessing
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any, Callable, NamedTuple

from contract.errors import RankingError, SetUpError
from pipeline.dag.paddle_op import Prepare
from pipeline.process.gc_tuning import spare_lasting_objects
from pipeline.process.signals import ALL
from pipeline.telemetry.log_files import divert_output

_LOGGER = logging.getLogger(__name__)
_PR_SET_PDEATHSIG = 1
_START_TIMEOUT_S = 300.0
_POLL_S = 0.1


class _Report(NamedTuple):
    """From an op process: a line to show, or its end of the start, with or without an error."""

    op: str
    line: str = ""
    error: str = ""


class OpProcesses:
    """The reports of all op processes of the service."""

    def __init__(self, log_directory: Path) -> None:
        """Arrange that every process forked from here on ends when this one does."""
        self._queue: Any = multiprocessing.SimpleQueue()
        self._log_directory = log_directory
        self._parent = os.getpid()
        os.register_at_fork(after_in_child=self._die_with_parent)

    def _die_with_parent(self) -> None:
        """Ask the kernel for SIGKILL on the parent's death, however sudden."""
        if os.getppid() != self._parent:
            return
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != self._parent:
            os._exit(1)

    def announce(self, op: str, line: str) -> None:
        """From an op process: a line for the service to show."""
        self._queue.put(_Report(op, line=line))

    def reporting(self, op: str, prepare: Prepare) -> Prepare:
        """``prepare`` for an op process: quiet, immune to the terminal's signals, and heard of."""

        def run(index: int) -> Callable[[Any], Any]:
            for number in ALL:
                # the parent drains first, and then ends its children; log files are looked at
                signal.signal(number, signal.SIG_IGN)
            divert_output(self._log_directory)
            threading.excepthook = _end_process
            try:
                function = prepare(index)
            except BaseException as error:
                known = isinstance(error, RankingError)
                self._queue.put(_Report(op, error=str(error) if known else repr(error)))
                os._exit(2)
            spare_lasting_objects()
            self._queue.put(_Report(op))
            return function

        return run

    def wait_ready(
        self, count: int, dead: Callable[[], list[str]], show: Callable[[str], None]
    ) -> None:
        """Wait until so many op processes are ready.

        Args:
            count: of op processes.
            dead: names of processes that have ended.
            show: takes the lines they announce.

        Raises:
            SetUpError: one of them could not start.
        """
        deadline = time.monotonic() + _START_TIMEOUT_S
        while count:
            if self._queue.empty():
                ended = dead()
                if ended and self._queue.empty():
                    raise SetUpError(f"{ended[0]} ended while starting; its log says why")
                if time.monotonic() > deadline:
                    raise SetUpError(
                        f"{count} op processes are not ready in {_START_TIMEOUT_S:g} s"
                    )
                time.sleep(_POLL_S)
                continue
            report: _Report = self._queue.get()
            if report.error:
                raise SetUpError(report.error)
            if report.line:
                show(report.line)
            else:
                count -= 1


def _end_process(failure: threading.ExceptHookArgs) -> None:
    """A process whose thread has failed would be deaf; its end is seen by its parent."""
    _LOGGER.critical("thread %s failed with %s", failure.thread, failure.exc_type.__name__)
    os._exit(1)


def kill_children() -> None:
    """End all processes of this service; they ignore gentler signals."""
    children = multiprocessing.active_children()
    for child in children:
        child.kill()
    for child in children:
        child.join(1.0)
