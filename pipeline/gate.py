# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Counts requests in work, and closes before the end. Asked by the edges, emptied by the door."""

from __future__ import annotations

import threading
from typing import Optional

from contract.errors import Overloaded, ShuttingDown


class Gate:
    """Counts requests in work, refuses those over the bound, and closes."""

    def __init__(self, max_in_flight: int) -> None:
        """Start closed."""
        self._max_in_flight = max_in_flight
        self._in_flight = 0
        self._closed: Optional[str] = "the service is starting"
        self._changed = threading.Condition()

    @property
    def closed(self) -> Optional[str]:
        """Why nothing is taken now, or ``None`` when the gate is open."""
        return self._closed

    @property
    def in_flight(self) -> int:
        """Requests in work."""
        return self._in_flight

    def open(self) -> None:
        """Take requests."""
        self._closed = None

    def close(self, reason: str) -> None:
        """Take no more requests."""
        self._closed = reason

    def enter(self) -> None:
        """Count one request in; :meth:`leave` must follow.

        Raises:
            ShuttingDown: the gate is closed.
            Overloaded: as many requests as may be are in work.
        """
        with self._changed:
            if self._closed is not None:
                raise ShuttingDown(self._closed)
            if self._in_flight >= self._max_in_flight:
                raise Overloaded(f"{self._in_flight} requests are in work; try again later")
            self._in_flight += 1

    def leave(self) -> None:
        """Count one request out."""
        with self._changed:
            self._in_flight -= 1
            self._changed.notify_all()

    def wait_idle(self, timeout_s: float) -> bool:
        """Wait until no request is in work; whether that came in time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._in_flight == 0, timeout_s)
