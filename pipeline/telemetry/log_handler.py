# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes a log file that others may move away, and goes on when the disk takes no more.

Python's own handler prints a traceback for each line that it cannot write, and goes on writing into
a file that was moved.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import time
from logging.handlers import RotatingFileHandler
from typing import Callable

from pipeline.telemetry.failures import tell_operator

_LOOK_EVERY_S = 1.0


def _nobody() -> None:
    """Is told, and does nothing."""


class LogFileHandler(RotatingFileHandler):
    """One file.

    Attributes:
        lost: is told of each line that could not be written.
    """

    lost: Callable[[], None] = staticmethod(_nobody)

    def __init__(self, filename: str, maxBytes: int, backupCount: int, encoding: str) -> None:  # noqa: N803  logging's names
        super().__init__(filename, maxBytes=maxBytes, backupCount=backupCount, encoding=encoding)
        self._failing = False
        self._failed_now = False
        self._looked_at = 0.0

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line; what fails is counted, and told once until lines are written again."""
        self._failed_now = False
        now = time.monotonic()
        if now - self._looked_at > _LOOK_EVERY_S:
            self._looked_at = now
            if not self._in_place():
                self.reopen()
        super().emit(record)
        if self._failing and not self._failed_now:
            self._failing = False
            tell_operator(f"{self.baseFilename} is written again")

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  logging's name
        """Called by emit in place of raising."""
        error = sys.exc_info()[1]
        if not isinstance(error, (OSError, ValueError)):
            super().handleError(record)
            return
        self._failed_now = True
        self.lost()
        # what the stream still holds is not to be written in front of a later line
        self._drop_stream()
        if not self._failing:
            self._failing = True
            reason = getattr(error, "strerror", None) or str(error)
            tell_operator(
                f"cannot write {self.baseFilename} ({reason}); lines of the log are lost until it "
                "can (ranking_lost_log_lines_total)"
            )

    def reopen(self) -> None:
        """Begin the file anew when it was moved away."""
        self.acquire()
        try:
            self._drop_stream()
        finally:
            self.release()

    def forget_failure(self) -> None:
        """Tell the next failure, as if it were the first."""
        self._failing = False

    def _drop_stream(self) -> None:
        """The next line opens the file."""
        stream, self.stream = self.stream, None
        if stream is not None:
            with contextlib.suppress(OSError, ValueError):
                stream.close()

    def _in_place(self) -> bool:
        if self.stream is None:
            return True
        try:
            status = os.stat(self.baseFilename)  # noqa: PTH116  a text, as logging has it
            return os.path.samestat(status, os.fstat(self.stream.fileno()))
        except (OSError, ValueError):
            return False


def reopen_log_files() -> None:
    """Have every log file of this process opened anew, as after a rotation by others."""
    for handler in _handlers():
        handler.reopen()


def tell_failures_again() -> None:
    """Have the next line that cannot be written told, also where one was told before."""
    for handler in _handlers():
        handler.forget_failure()


def count_lost_lines(lost: Callable[[], None]) -> None:
    """Have somebody told of each line that cannot be written from now on."""
    for handler in _handlers():
        handler.lost = lost


def _handlers() -> list[LogFileHandler]:
    loggers = [logging.root, *logging.root.manager.loggerDict.values()]
    found = [h for logger in loggers if isinstance(logger, logging.Logger) for h in logger.handlers]
    return [handler for handler in found if isinstance(handler, LogFileHandler)]
