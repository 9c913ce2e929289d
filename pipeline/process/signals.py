# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""SIGTERM and SIGINT: the first asks for an orderly end, the second ends the process at once.

Installed first by pipeline.web_service, waited for by pipeline.supervisor.
"""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType
from typing import Optional


class Signals:
    """Handlers of the main thread."""

    def __init__(self) -> None:
        """Install the handlers."""
        self._received = threading.Event()
        self.install()

    def install(self) -> None:
        """Install the handlers, again after a library has put its own in their place."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, _: Optional[FrameType]) -> None:
        if self._received.is_set():
            os._exit(128 + number)
        self._received.set()

    def wait(self, timeout_s: float) -> bool:
        """Wait for the first signal; whether it has come."""
        return self._received.wait(timeout_s)
