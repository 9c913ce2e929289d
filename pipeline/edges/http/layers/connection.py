# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Bounds on connections that uvicorn lacks: how many, how long without a request, without reading.

Between the requests of a connection and before its first, time is bounded here; within one, by the
body budget and the deadlines of requests.
"""

from __future__ import annotations

import asyncio
import functools
from typing import Any, Callable, Optional

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from pipeline.settings.service import LimitsConfig
from pipeline.telemetry.metrics import Metrics

_PROBLEM = b'{"error":{"code":"overloaded","message":"too many connections","field":null}}'
_TOO_MANY = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\n"
    b"Connection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(_PROBLEM), _PROBLEM)
)


def bounded_connection(limits: LimitsConfig, metrics: Metrics) -> Callable[..., H11Protocol]:
    """What uvicorn makes one of for each connection."""
    return functools.partial(BoundedConnection, limits, metrics)


class BoundedConnection(H11Protocol):
    """uvicorn's connection, with bounds."""

    def __init__(self, limits: LimitsConfig, metrics: Metrics, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._limits = limits
        self._metrics = metrics
        self._waiting: Optional[asyncio.TimerHandle] = None
        self._stuck: Optional[asyncio.TimerHandle] = None
        self._unread = 0

    def connection_made(self, transport: Any) -> None:
        """Refuse it when there are too many; else wait for a request."""
        super().connection_made(transport)
        self._metrics.connections.inc()
        if len(self.connections) > self._limits.max_connections:
            self._metrics.responded(503)
            transport.write(_TOO_MANY)
            transport.close()
            return
        self._wait(self._limits.header_timeout_s)

    def connection_lost(self, exc: Optional[Exception]) -> None:
        """Forget all timers."""
        self._metrics.connections.dec()
        self._waiting = self._cancelled(self._waiting)
        self._stuck = self._cancelled(self._stuck)
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes that begin no request, or are left of one that is answered, have their time."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self._busy:
            self._waiting = self._cancelled(self._waiting)
        elif self._waiting is None and self.conn.their_state is not h11.DONE:
            sends_body = self.conn.their_state is h11.SEND_BODY
            limits = self._limits
            self._wait(limits.body_timeout_s if sends_body else limits.header_timeout_s)

    def pause_writing(self) -> None:
        """Give up a caller that does not read its answer."""
        super().pause_writing()
        if self._stuck is None:
            self._watch_reading()

    def resume_writing(self) -> None:
        """It reads."""
        self._stuck = self._cancelled(self._stuck)
        super().resume_writing()

    def _watch_reading(self) -> None:
        self._unread = self.transport.get_write_buffer_size()
        self._stuck = self.loop.call_later(self._limits.body_timeout_s, self._check_reading)

    def _check_reading(self) -> None:
        """A slow reader may go on, one that has taken nothing may not."""
        if self.transport.get_write_buffer_size() >= self._unread:
            self.transport.abort()
        else:
            self._watch_reading()

    @property
    def _busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _wait(self, seconds: float) -> None:
        self._waiting = self.loop.call_later(seconds, self._give_up)

    def _give_up(self) -> None:
        self._waiting = None
        if not self._busy and not self.transport.is_closing():
            self.transport.close()

    @staticmethod
    def _cancelled(timer: Optional[asyncio.TimerHandle]) -> None:
        if timer is not None:
            timer.cancel()
