# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Bounds on bodies, before any route reads one: size of each, bytes held by all, time to arrive.

The outermost ASGI layer, so that no route can leave it out. It also counts answers. A caller that
is refused before its body has been read may send on for a while: a connection that is closed with
bytes unread is reset, and its caller never sees the answer.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, MutableMapping
from typing import Any, Callable, Optional

import anyio
from starlette.requests import ClientDisconnect

from contract.errors import Overloaded, RequestError, RequestTooLarge
from pipeline.telemetry.metrics import Metrics

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
# what is thrown away of one body behind its answer
_DISCARD_BYTES = 64 * 1024 * 1024
# for a caller that will probably send nothing more
_LINGER_S = 2.0
# under which a request's scope holds its Body
SCOPE_KEY = "ranking.body"


class BodyTooLarge(RequestTooLarge):
    """Found before the body has been read."""


class BodyTimeout(RequestError):
    """A body that did not arrive in time."""

    http_status = 408
    code = "body_timeout"


class Budget:
    """Bytes of bodies held at the moment; used by the event loop's thread only."""

    def __init__(self, most: int, timeout_s: float) -> None:
        """Nothing is held.

        Args:
            most: bytes over all requests, from the arrival of each to its answer.
            timeout_s: that one body may take to arrive.
        """
        self.most = most
        self.timeout_s = timeout_s
        self.held = 0


class Body:
    """The body of one request, counted as it comes.

    Attributes:
        declared: bytes that the caller says will come; 0 when it does not say.
        held: bytes of it that are in memory.
        size: bytes that have come, or as many as the caller says will come.
        answered: whether the answer to its request has begun.
    """

    def __init__(
        self, budget: Budget, receive: Receive, declared: int, *, chunked: bool, expects: bool
    ) -> None:
        """Nothing has come yet.

        Args:
            budget: of all bodies.
            receive: of the server.
            declared: bytes that the caller says will come; 0 when it does not say.
            chunked: whether it comes without a length.
            expects: whether its caller waits for 100 Continue before it sends any of it.
        """
        self._budget = budget
        self._chunked = chunked
        self._expects = expects
        self._late = False
        self._receive = receive
        self.declared = declared
        self.held = 0
        self.size = declared
        self.answered = False
        self._deadline: Optional[float] = None
        self._whole = False
        self._discarding = False

    async def receive(self) -> Message:
        """The next message.

        Raises:
            Overloaded: the bodies of all requests together are more than may be held.
            BodyTimeout: it took too long.
        """
        if self._whole:
            return await self._receive()
        if self._deadline is None:
            self._check(self.declared)
            self._deadline = time.monotonic() + self._budget.timeout_s
        if not self._discarding:
            # the server says 100 Continue now
            self._expects = False
        with anyio.move_on_after(max(0.0, self._deadline - time.monotonic())):
            message = await self._receive()
            return self._counted(message)
        self._late = True
        if self._discarding:
            return {"type": "http.disconnect"}
        raise BodyTimeout(
            f"did not arrive within {self._budget.timeout_s:g} s; send it faster, or less of it",
            field="body",
        )

    async def whole(self, limit: int) -> bytes:
        """All of it; never holds more than the limit.

        Raises:
            BodyTooLarge: it is larger.
            ClientDisconnect: its sender has gone.
        """
        if self.declared > limit:
            raise BodyTooLarge(f"more than {limit} bytes", field="body")
        chunks, size = [], 0
        while not self._whole:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > limit:
                raise BodyTooLarge(f"more than {limit} bytes", field="body")
            chunks.append(chunk)
        return b"".join(chunks)

    @property
    def to_come(self) -> bool:
        """Whether its caller may still send some of it."""
        return not self._whole and (self.declared > 0 or self._chunked)

    @property
    def ends_connection(self) -> bool:
        """Whether so much may still come that no further request can be waited for."""
        return self._expects or self._chunked or self._late or self.declared > _DISCARD_BYTES

    async def discard(self) -> None:
        """Throw away what still comes, as long as a body may take, until its caller has ended."""
        short = self._expects or self._late
        self._discarding = True
        self._deadline = time.monotonic() + (_LINGER_S if short else self._budget.timeout_s)
        self.release()
        left = _DISCARD_BYTES
        while self.to_come and left > 0:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                break
            left -= len(message.get("body", b""))

    def release(self) -> None:
        """Hold nothing any more."""
        self._budget.held -= self.held
        self.held = 0

    def _counted(self, message: Message) -> Message:
        self._whole = not message.get("more_body", False)
        size = len(message.get("body", b""))
        if size and not self._discarding:
            self._check(size)
            self.held += size
            self.size = max(self.size, self.held)
            self._budget.held += size
        return message

    def _check(self, size: int) -> None:
        # one that is too large by itself is refused for that, by who reads it
        if self._budget.held + min(size, self._budget.most) > self._budget.most:
            raise Overloaded(
                f"{self._budget.held} bytes of bodies are in work; try again later", field="body"
            )


class BodyBounds:
    """The layer."""

    def __init__(self, app: Any, budget: Budget, metrics: Metrics) -> None:
        """Bind the app inside."""
        self._app = app
        self._budget = budget
        self._metrics = metrics
        metrics.body_bytes.set_function(lambda: budget.held)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Run one request with its body counted."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._metrics.responded(message["status"])
                body.answered = True
                if body.to_come and body.ends_connection:
                    message = _closing(message)
            elif body.to_come and not message.get("more_body"):
                # all of the answer, which ends only when the caller has stopped sending
                await send({**message, "more_body": True})
                await body.discard()
                message = {"type": "http.response.body", "body": b""}
            await send(message)

        body = _body_of(scope, self._budget, receive)
        scope[SCOPE_KEY] = body
        try:
            await self._app(scope, body.receive, counting)
        finally:
            body.release()


def _body_of(scope: MutableMapping[str, Any], budget: Budget, receive: Receive) -> Body:
    declared, chunked, expects = 0, False, False
    for name, value in scope["headers"]:
        if name == b"content-length":
            # the server has found it to be a number; a longer one is too large in any case
            declared = int(value[:20]) if value.isdigit() else 0
        elif name == b"transfer-encoding":
            chunked = True
        elif name == b"expect":
            expects = value.lower() == b"100-continue"
    return Body(budget, receive, declared, chunked=chunked, expects=expects)


def _closing(start: Message) -> Message:
    headers = [one for one in start.get("headers", []) if one[0].lower() != b"connection"]
    return {**start, "headers": [*headers, (b"connection", b"close")]}
