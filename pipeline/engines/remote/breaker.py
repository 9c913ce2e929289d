# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A circuit breaker: keeps calls from an endpoint that has failed too often.

Closed, it carries calls. Enough failures in a row open it: it carries none until the cool-down has
passed. Then it is half-open: one probe goes through, and its end decides.
"""

from __future__ import annotations

import threading
import time
from enum import Enum
from typing import Callable


class _State(Enum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Breaker:
    """The circuit of one endpoint; safe to share between threads.

    It begins open and with its cool-down over: an endpoint has to prove itself before it is used.
    """

    def __init__(
        self,
        failures_to_open: int,
        cool_down_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Bind the limits.

        Args:
            failures_to_open: so many in a row, without a success between, open it.
            cool_down_s: from opening to the probe.
            clock: in seconds, never going back.
        """
        self._failures_to_open = failures_to_open
        self._cool_down_s = cool_down_s
        self._clock = clock
        self._state = _State.OPEN
        self._probe_from = clock()
        self._failures = 0
        self._lock = threading.Lock()

    @property
    def closed(self) -> bool:
        """Whether it carries calls."""
        return self._state is _State.CLOSED

    def succeeded(self) -> None:
        """A call was answered. One that began before it opened does not close it."""
        with self._lock:
            self._failures = 0

    def failed(self) -> bool:
        """A call was not answered; whether that opened it."""
        with self._lock:
            self._failures += 1
            opens = self.closed and self._failures >= self._failures_to_open
            if opens:
                self._open()
            return opens

    def begin_probe(self) -> bool:
        """Whether the caller shall probe now; then it has to call :meth:`end_probe`."""
        with self._lock:
            due = self._state is _State.OPEN and self._clock() >= self._probe_from
            if due:
                self._state = _State.HALF_OPEN
            return due

    def end_probe(self, good: bool) -> None:
        """Close it, or open it for another cool-down; also after a check of a closed one."""
        with self._lock:
            self._failures = 0
            if good:
                self._state = _State.CLOSED
            else:
                self._open()

    def _open(self) -> None:
        self._state = _State.OPEN
        self._probe_from = self._clock() + self._cool_down_s
