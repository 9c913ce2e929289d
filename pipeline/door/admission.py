# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Lets requests in, but for those that would wait too long; none before the start and after a stop.

How long a request would wait is told by its size before it is read: admission learns how fast
requests leave while any is in work. Small requests pass large ones in the schedulers, so a request
waits for no more of another than its own size. (docs/decisions/overload.md)
"""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Callable, Optional, Protocol

from contract.errors import Overloaded, RankingError, ShuttingDown

# as many of a request's own size may always be before it: at 80 % of the capacity chance alone
# brings about so many
_ALWAYS = 8
# what a request costs besides its bytes, in bytes
_FIXED = 512
# the weight of what was seen halves with every 34 requests
_KEEP = 0.98
# below so many requests nothing is known
_LEAST_SEEN = 8.0


class Account(Protocol):
    """Whose request it is, when callers have places of their own."""

    def take_place(self) -> None:
        """Count one request in work.

        Raises:
            OverLimit: as many of the caller's as may be are in work.
        """

    def give_back(self) -> None:
        """Count it out."""


class Ticket:
    """One request in work, until its ``with`` ends.

    Attributes:
        cost: its body's bytes, and what every request costs.
        begun: when it was begun with, on time.monotonic's clock.
        served: whether it was scored: those that were tell how fast it goes.
    """

    __slots__ = ("_account", "_admission", "begun", "cost", "served")

    def __init__(self, admission: Admission, size: int, account: Optional[Account]) -> None:
        """Of a request with a body of so many bytes."""
        self._admission = admission
        self._account = account
        self.cost = size + _FIXED
        self.begun = 0.0
        self.served = False

    def __enter__(self) -> Ticket:
        """The request is worked on from now on."""
        self.begun = time.monotonic()
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        """The request has left."""
        self._admission.leave(self)
        if self._account is not None:
            self._account.give_back()


def _nobody(error: RankingError) -> None:
    """Is told of a refusal, and keeps it to itself."""


class Admission:
    """Counts requests in work, refuses those over the bounds, and closes."""

    def __init__(
        self,
        max_in_flight: int,
        max_delay_ms: float = 0.0,
        refused: Callable[[RankingError], None] = _nobody,
        full_share: float = 1.0,
    ) -> None:
        """Start closed.

        Args:
            max_in_flight: requests in work at once.
            max_delay_ms: how long a request may have to wait for those before it; 0: for ever.
            refused: is told of every refusal.
            full_share: of ``max_in_flight``, from which it counts as full.
        """
        self._full_at = full_share * max_in_flight
        self._full_since: Optional[float] = None
        self._refused = refused
        self._max_in_flight = max_in_flight
        self._max_delay_s = max_delay_ms / 1000.0
        self._tickets: set[Ticket] = set()
        self._closed: Optional[str] = "the service is starting"
        self._changed = threading.Condition()
        self._busy_since = 0.0
        self._seen = self._costs = self._busy_s = 0.0

    @property
    def closed(self) -> Optional[str]:
        """Why nothing is taken now, or ``None`` when requests are."""
        return self._closed

    @property
    def in_flight(self) -> int:
        """Requests in work."""
        return len(self._tickets)

    @property
    def full_s(self) -> float:
        """For how long it has been full without a break; 0 when it is not."""
        since = self._full_since
        return time.monotonic() - since if since is not None else 0.0

    def open(self) -> None:
        """Take requests."""
        self._closed = None

    def close(self, reason: str) -> None:
        """Take no more requests."""
        self._closed = reason

    def look(self, size: int) -> None:
        """Refuse a request that :meth:`enter` would refuse now; its body need not have been read.

        Args:
            size: bytes of its body, as far as they are known.

        Raises:
            ShuttingDown: the service is starting or stopping.
            Overloaded: as many requests as may be are in work, or it would wait too long.
        """
        with self._changed:
            refusal = self._refusal(size + _FIXED)
        if refusal is not None:
            self._refused(refusal)
            raise refusal

    def enter(self, size: int, account: Optional[Account] = None) -> Ticket:
        """Count one request in, until the end of the ticket's ``with``.

        Args:
            size: bytes of its body.
            account: takes a place for it, too.

        Raises:
            OverLimit: as many of the account as may be are in work.
            ShuttingDown: the service is starting or stopping.
            Overloaded: as many requests as may be are in work, or it would wait too long.
        """
        if account is not None:
            account.take_place()
        ticket = Ticket(self, size, account)
        with self._changed:
            refusal = self._refusal(ticket.cost)
            if refusal is None:
                if not self._tickets:
                    self._busy_since = time.monotonic()
                self._tickets.add(ticket)
                if self._full_since is None and len(self._tickets) >= self._full_at:
                    self._full_since = time.monotonic()
                return ticket
        if account is not None:
            account.give_back()
        self._refused(refusal)
        raise refusal

    def turn_away(self, error: RankingError) -> None:
        """Tell of a request that its edge refuses before it asks to be let in."""
        self._refused(error)

    def leave(self, ticket: Ticket) -> None:
        """Count one request out; the end of a ticket's ``with`` does."""
        served = ticket.served
        with self._changed:
            self._tickets.discard(ticket)
            if len(self._tickets) < self._full_at:
                self._full_since = None
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

    def _refusal(self, cost: int) -> Optional[RankingError]:
        """Why no request of such a cost is taken now; ``None``: it is."""
        if self._closed is not None:
            return ShuttingDown(self._closed)
        if len(self._tickets) >= self._max_in_flight:
            return Overloaded(f"{len(self._tickets)} requests are in work; try again later")
        if not self._max_delay_s or self._seen < _LEAST_SEEN or len(self._tickets) < _ALWAYS:
            return None
        before = sum(min(other.cost, cost) for other in self._tickets)
        rate = self._costs / max(self._busy_s, 1e-9)
        if before < max(_ALWAYS * cost, self._max_delay_s * rate):
            return None
        return Overloaded(
            f"{before / rate * 1000.0:.0f} ms of work wait already, and at most "
            f"{self._max_delay_s * 1000.0:g} may; try again later"
        )
