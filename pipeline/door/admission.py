# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Lets requests in, refuses those that would wait too long, and closes before the end.

Asked by the edges, emptied by the door.

How long a request would wait is told by its size before it is read: the gate learns how fast
requests leave while any is in work. Small requests pass large ones in the schedulers, so a request
waits for no more of another than its own size. (docs/decisions/overload.md)
"""

from __future__ import annotations

import threading
import time
from typing import Optional

from contract.errors import Overloaded, ShuttingDown

# as many of a request's own size may always be before it: at 80 % of the capacity chance alone
# brings about so many
_ALWAYS = 8
# what a request costs besides its bytes, in bytes
_FIXED = 512
# the weight of what was seen halves with every 34 requests
_KEEP = 0.98
# below so many requests nothing is known
_LEAST_SEEN = 8.0


class Ticket:
    """One request in work; identity counts.

    Attributes:
        cost: its body's bytes, and what every request costs.
    """

    __slots__ = ("cost",)

    def __init__(self, size: int) -> None:
        """Of a request with a body of so many bytes."""
        self.cost = size + _FIXED


class Gate:
    """Counts requests in work, refuses those over the bounds, and closes."""

    def __init__(self, max_in_flight: int, max_delay_ms: float = 0.0) -> None:
        """Start closed.

        Args:
            max_in_flight: requests in work at once.
            max_delay_ms: how long a request may have to wait for those before it; 0: for ever.
        """
        self._max_in_flight = max_in_flight
        self._max_delay_s = max_delay_ms / 1000.0
        self._tickets: set[Ticket] = set()
        self._closed: Optional[str] = "the service is starting"
        self._changed = threading.Condition()
        self._busy_since = 0.0
        self._seen = self._costs = self._busy_s = 0.0

    @property
    def closed(self) -> Optional[str]:
        """Why nothing is taken now, or ``None`` when the gate is open."""
        return self._closed

    @property
    def in_flight(self) -> int:
        """Requests in work."""
        return len(self._tickets)

    def open(self) -> None:
        """Take requests."""
        self._closed = None

    def close(self, reason: str) -> None:
        """Take no more requests."""
        self._closed = reason

    def check(self, size: int) -> None:
        """Refuse a request that :meth:`enter` would refuse now; its body need not have been read.

        Raises:
            ShuttingDown: the gate is closed.
            Overloaded: as many requests as may be are in work, or it would wait too long.
        """
        with self._changed:
            self._refuse(Ticket(size))

    def enter(self, size: int) -> Ticket:
        """Count one request in; :meth:`leave` must follow.

        Args:
            size: bytes of its body.

        Raises:
            ShuttingDown: the gate is closed.
            Overloaded: as many requests as may be are in work, or it would wait too long.
        """
        ticket = Ticket(size)
        with self._changed:
            self._refuse(ticket)
            if not self._tickets:
                self._busy_since = time.monotonic()
            self._tickets.add(ticket)
        return ticket

    def leave(self, ticket: Ticket, *, served: bool = False) -> None:
        """Count one request out; those that were served tell how fast it goes."""
        with self._changed:
            self._tickets.discard(ticket)
            now = time.monotonic()
            busy_s = now - self._busy_since
            self._busy_since = now
            # a request that was not served tells how long it was waited for, not how fast it goes
            self._busy_s += busy_s if served else min(busy_s, self._max_delay_s)
            if served:
                self._seen = self._seen * _KEEP + 1.0
                self._costs = self._costs * _KEEP + ticket.cost
                self._busy_s *= _KEEP
            self._changed.notify_all()

    def wait_idle(self, timeout_s: float) -> bool:
        """Wait until no request is in work; whether that came in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._tickets, timeout_s)

    def _refuse(self, ticket: Ticket) -> None:
        if self._closed is not None:
            raise ShuttingDown(self._closed)
        if len(self._tickets) >= self._max_in_flight:
            raise Overloaded(f"{len(self._tickets)} requests are in work; try again later")
        if not self._max_delay_s or self._seen < _LEAST_SEEN or len(self._tickets) < _ALWAYS:
            return
        before = sum(min(other.cost, ticket.cost) for other in self._tickets)
        rate = self._costs / max(self._busy_s, 1e-9)
        if before >= max(_ALWAYS * ticket.cost, self._max_delay_s * rate):
            raise Overloaded(
                f"{before / rate * 1000.0:.0f} ms of work wait already, and at most "
                f"{self._max_delay_s * 1000.0:g} may; try again later"
            )
