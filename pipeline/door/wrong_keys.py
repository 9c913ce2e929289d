# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Slows down who tries API keys: by address, with one line of the log for each and each minute.

A caller whose key was right before goes on meanwhile, so that one who shares its address, such as
behind a proxy, does not lock it out. A right key that comes first while its address is slowed down
is refused like a wrong one: nobody learns that it was right.

Of IPv6 the first 64 bits count as the address: whoever has one network has all of its addresses.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from ipaddress import IPv6Address, ip_network
from typing import Callable

_LOGGER = logging.getLogger(__name__)
# wrong keys that may come at once, and so many more a minute
_BURST = 30.0
_TELL_EVERY_S = 60.0
# addresses remembered, those seen last
_MOST_ADDRESSES = 10_000


def _network(address: str) -> str:
    """What counts as one address."""
    if ":" not in address:
        return address
    try:
        # of a zone, such as fe80::1%eth0, too
        return str(ip_network((int(IPv6Address(address)) >> 64 << 64, 64)))
    except ValueError:
        return address


class _Address:
    """What came from one address."""

    __slots__ = ("filled_at", "known", "left", "told_at", "untold")

    def __init__(self, now: float) -> None:
        self.known: set[str] = set()
        self.left = _BURST
        self.filled_at = now
        self.told_at = now - _TELL_EVERY_S
        self.untold = 0


class WrongKeys:
    """Counts wrong keys by address; safe between threads."""

    def __init__(
        self, count: Callable[[], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Nobody has come yet.

        Args:
            count: is told of each wrong key.
            clock: says the time in seconds.
        """
        self._count = count
        self._clock = clock
        self._lock = threading.Lock()
        self._addresses: OrderedDict[str, _Address] = OrderedDict()

    def right(self, address: str, owner: str) -> bool:
        """A key of that owner came; whether it may be used now."""
        address = _network(address)
        with self._lock:
            seen = self._addresses.get(address)
            if seen is None or owner not in seen.known:
                seen = self._of(address)
                if self._wait_s(seen) > 0.0:
                    self._tell(address, seen)
                    return False
                seen.known.add(owner)
            return True

    def wrong(self, address: str) -> float:
        """A wrong key came; seconds until another may be tried, 0: at once."""
        self._count()
        address = _network(address)
        with self._lock:
            seen = self._of(address)
            wait_s = self._wait_s(seen)
            if wait_s == 0.0:
                seen.left -= 1.0
            self._tell(address, seen)
            return wait_s

    def wait_s(self, address: str) -> float:
        """Seconds until a key may be tried from there."""
        address = _network(address)
        with self._lock:
            return self._wait_s(self._of(address))

    def _of(self, network: str) -> _Address:
        seen = self._addresses.get(network)
        if seen is None:
            seen = self._addresses[network] = _Address(self._clock())
            if len(self._addresses) > _MOST_ADDRESSES:
                self._addresses.popitem(last=False)
        self._addresses.move_to_end(network)
        return seen

    def _wait_s(self, seen: _Address) -> float:
        now = self._clock()
        grown = (now - seen.filled_at) * _BURST / 60.0
        seen.left, seen.filled_at = min(_BURST, seen.left + grown), now
        return 0.0 if seen.left >= 1.0 else (1.0 - seen.left) * 60.0 / _BURST

    def _tell(self, address: str, seen: _Address) -> None:
        """Say it in the log, never the key."""
        seen.untold += 1
        now = self._clock()
        if now - seen.told_at >= _TELL_EVERY_S:
            _LOGGER.warning("wrong API keys from %s: %d", address, seen.untold)
            seen.told_at, seen.untold = now, 0
