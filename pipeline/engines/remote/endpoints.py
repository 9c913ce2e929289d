# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The services that compute for a remote engine, and in which order to ask them.

All connections to them share this.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Optional, Protocol

from contract.errors import ConfigError, InvalidField
from contract.wire.endpoint import checked_endpoint
from pipeline.engines.remote.breaker import Breaker

# failures in a row after which an endpoint is asked no more
FAILURES_TO_OPEN = 3
# how long it is left alone then, before it is probed
COOL_DOWN_S = 1.0

_EXAMPLE = "127.0.0.1:8600"
_LOGGER = logging.getLogger(__name__)


class Endpoint:
    """One service.

    Attributes:
        address: ``host:port``.
        breaker: its circuit.
        calls: under way now.
        state: how the last probe or failed call ended, in words.
        checked_at: when it last passed a probe, on time.monotonic's clock.
    """

    def __init__(self, address: str) -> None:
        """An endpoint that nobody has asked yet."""
        self.address = address
        self.breaker = Breaker(FAILURES_TO_OPEN, COOL_DOWN_S)
        self.calls = 0
        self.state = "not asked yet"
        self.checked_at = 0.0
        self._lock = threading.Lock()
        self._logged: Optional[bool] = None

    @contextmanager
    def calling(self) -> Iterator[None]:
        """Count a call while it lasts."""
        with self._lock:
            self.calls += 1
        try:
            yield
        finally:
            with self._lock:
                self.calls -= 1

    def failed(self, reason: str) -> None:
        """A call was not answered."""
        self.state = reason
        if self.breaker.failed():
            self._log()

    def passed(self, checked: str) -> None:
        """A probe was answered well."""
        self.checked_at = time.monotonic()
        self.breaker.end_probe(True)
        self.state = checked
        self._log()

    def rejected(self, reason: str) -> None:
        """A probe failed, or was answered otherwise than this bundle's service does."""
        self.breaker.end_probe(False)
        self.state = reason
        self._log()

    def _log(self) -> None:
        """Log whether it is asked, when that has changed."""
        asked = self.breaker.closed
        if asked != self._logged:
            level = logging.INFO if asked and self._logged is None else logging.WARNING
            self._logged = asked
            use = "is asked" if asked else "is left out"
            _LOGGER.log(level, "tensor service %s %s: %s", self.address, use, self.state)


class Asked(Protocol):
    """Those that a connection may ask."""

    def in_order(self) -> Sequence[Endpoint]:
        """Those to ask for the next batch, the first one first."""


class Only:
    """One endpoint, whatever its circuit says: for a probe."""

    def __init__(self, endpoint: Endpoint) -> None:
        """Bind it."""
        self._endpoint = endpoint

    def in_order(self) -> Sequence[Endpoint]:
        """It alone."""
        return [self._endpoint]

    def __str__(self) -> str:
        """What is known of it."""
        return self._endpoint.state


class Endpoints:
    """All services of a ranker, which serve the same bundle."""

    def __init__(self, addresses: Sequence[str]) -> None:
        """``host:port`` of each.

        Raises:
            ConfigError: there is none, or one is not ``host:port``.
        """
        if not addresses:
            raise ConfigError(
                f"missing; name the tensor services like {_EXAMPLE}", field="server_endpoints"
            )
        try:
            checked = [checked_endpoint(address, _EXAMPLE) for address in addresses]
        except InvalidField as error:
            raise ConfigError(error.message, field="server_endpoints") from error
        self.all = [Endpoint(address) for address in dict.fromkeys(checked)]
        self._turns = itertools.count()

    def in_order(self) -> list[Endpoint]:
        """Those with a closed circuit, fewest calls first; among equals each in its turn."""
        first = next(self._turns) % len(self.all)
        rotated = [*self.all[first:], *self.all[:first]]
        return sorted((e for e in rotated if e.breaker.closed), key=lambda e: e.calls)

    def __str__(self) -> str:
        """Each with its state, for errors and the start's line."""
        return "; ".join(f"{endpoint.address}: {endpoint.state}" for endpoint in self.all)
