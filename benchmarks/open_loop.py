# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Sends HTTP requests at given moments, whatever comes back, and times each answer.

Sockets and a selector in one thread, so that it takes little from the cores it measures on.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Sequence
from typing import NamedTuple, Optional

_LIMIT_S = 60.0
_READ_BYTES = 262_144


class Seen(NamedTuple):
    """One answer.

    Attributes:
        status: of HTTP; 0 when the connection broke.
        seconds: from the moment at which the request was due to the end of the answer.
    """

    status: int
    seconds: float


class _Connection:
    """One keep-alive connection with at most one request on it."""

    def __init__(self, address: tuple[str, int], ready: selectors.BaseSelector) -> None:
        self._address = address
        self._ready = ready
        self._socket: Optional[socket.socket] = None
        self._unsent = memoryview(b"")
        self._answer = b""
        self._due = 0.0
        self._request = b""
        self._again = False

    def send(self, request: bytes, due: float) -> None:
        self._again = self._socket is not None
        self._request = request
        if self._socket is None:
            self._socket = socket.create_connection(self._address)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.setblocking(False)
            self._ready.register(self._socket, selectors.EVENT_READ, self)
        self._unsent, self._answer, self._due = memoryview(request), b"", due
        self._flush()

    def _flush(self) -> None:
        assert self._socket is not None
        try:
            while self._unsent:
                self._unsent = self._unsent[self._socket.send(self._unsent) :]
        except BlockingIOError:
            pass
        except OSError:
            # the end is seen when it is read
            self._unsent = memoryview(b"")
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._unsent else 0)
        self._ready.modify(self._socket, events, self)

    def on_event(self, events: int) -> Optional[Seen]:
        """The answer, once it is whole."""
        assert self._socket is not None
        try:
            if events & selectors.EVENT_WRITE:
                self._flush()
            data = self._socket.recv(_READ_BYTES) if events & selectors.EVENT_READ else None
        except BlockingIOError:
            return None
        except OSError:
            data = b""
        if data is None:
            return None
        self._answer += data
        head, end, body = self._answer.partition(b"\r\n\r\n")
        if end and len(body) >= _length(head):
            self._request = b""
            if b"connection: close" in head.lower():
                self.close()
            return Seen(int(head[9:12]), time.perf_counter() - self._due)
        if not data:
            self.close()
            if self._again and not self._answer and self._request:
                # kept alive too long for the service; it has not seen the request
                self.send(self._request, self._due)
                return None
            return Seen(0, time.perf_counter() - self._due)
        return None

    def close(self) -> None:
        if self._socket is not None:
            self._ready.unregister(self._socket)
            self._socket.close()
            self._socket = None


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


class OpenLoop:
    """Sends to one service; a context manager that closes its connections."""

    def __init__(self, address: tuple[str, int]) -> None:
        """Nothing is connected yet."""
        self._address = address
        self._ready = selectors.DefaultSelector()
        self._idle: list[_Connection] = []
        self._busy: set[_Connection] = set()
        self._made: list[_Connection] = []

    def run(self, requests: Sequence[bytes], due_s: Sequence[float]) -> list[Seen]:
        """Send each request when it is due.

        Args:
            requests: whole, heads included.
            due_s: seconds from now, rising.
        """
        start = time.perf_counter()
        seen: list[Seen] = []
        sent = 0
        while len(seen) < len(requests):
            now = time.perf_counter() - start
            while sent < len(requests) and due_s[sent] <= now:
                self._send(requests[sent], start + due_s[sent])
                sent += 1
            if now > due_s[-1] + _LIMIT_S:
                break
            wait_s = max(0.0, due_s[sent] - now) if sent < len(requests) else 1.0
            seen += self._collect(wait_s)
        return seen

    def saturate(self, requests: Sequence[bytes], at_once: int) -> list[Seen]:
        """Send the next request whenever fewer than ``at_once`` are under way."""
        seen: list[Seen] = []
        sent = 0
        while len(seen) < len(requests):
            while sent < len(requests) and len(self._busy) < at_once:
                self._send(requests[sent], time.perf_counter())
                sent += 1
            seen += self._collect(1.0)
        return seen

    def _send(self, request: bytes, due: float) -> None:
        if self._idle:
            connection = self._idle.pop()
        else:
            connection = _Connection(self._address, self._ready)
            self._made.append(connection)
        self._busy.add(connection)
        connection.send(request, due)

    def _collect(self, wait_s: float) -> list[Seen]:
        seen = []
        for key, events in self._ready.select(wait_s):
            connection: _Connection = key.data
            one = connection.on_event(events)
            if one is not None and connection in self._busy:
                self._busy.remove(connection)
                self._idle.append(connection)
                seen.append(one)
        return seen

    def __enter__(self) -> OpenLoop:
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self._made:
            connection.close()
        self._ready.close()
