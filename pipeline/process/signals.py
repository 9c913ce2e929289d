# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What the service does on a signal; installed by pipeline.web_service, heard by its supervisor.

SIGTERM, SIGINT, SIGQUIT: the first asks for an orderly end, the second ends the process at once.
SIGHUP: read configuration, keys and certificates again, and open the log files anew.
SIGUSR1: open the log files anew.
"""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType
from typing import Optional

ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
# those that change nothing in a process that only computes
ALL = (*ENDING, signal.SIGHUP, signal.SIGUSR1)


class Signals:
    """Handlers of the main thread."""

    def __init__(self) -> None:
        """Install the handlers."""
        self._received = threading.Event()
        self._reload = self._reopen = False
        self.install()

    def install(self) -> None:
        """Install the handlers, again after a library has put its own in their place."""
        for number in ENDING:
            signal.signal(number, self._on_end)
        signal.signal(signal.SIGHUP, self._on_reload)
        signal.signal(signal.SIGUSR1, self._on_reopen)

    def _on_end(self, number: int, _: Optional[FrameType]) -> None:
        if self._received.is_set():
            os._exit(128 + number)
        self._received.set()

    def _on_reload(self, _: int, __: Optional[FrameType]) -> None:
        self._reload = self._reopen = True

    def _on_reopen(self, _: int, __: Optional[FrameType]) -> None:
        self._reopen = True

    def wait(self, timeout_s: float) -> bool:
        """Wait for the first signal that ends; whether it has come."""
        return self._received.wait(timeout_s)

    def take_reload(self) -> bool:
        """Whether SIGHUP has come since the last look."""
        asked, self._reload = self._reload, False
        return asked

    def take_reopen(self) -> bool:
        """Whether SIGHUP or SIGUSR1 has come since the last look."""
        asked, self._reopen = self._reopen, False
        return asked
