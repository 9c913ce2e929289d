# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Bounds on bodies, before any route reads one: size of each, bytes held by all, time to arrive.

The outermost ASGI layer, so that no route can leave it out. It also counts answers.
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

    def __init__(self, budget: Budget, receive: Receive, declared: int) -> None:
        self._budget = budget
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
        if self._whole and self._discarding:
            # the body was too large by its last bytes: nothing more will come
            return {"type": "http.disconnect"}
        if self._whole:
            return await self._receive()
        if self._deadline is None:
            self._check(self.declared)
            self._deadline = time.monotonic() + self._budget.timeout_s
        with anyio.move_on_after(max(0.0, self._deadline - time.monotonic())):
            message = await self._receive()
            return self._counted(message)
        self._whole = True
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

    def discard(self) -> None:
        """Count no more: what comes is thrown away, for as long again as a body may take."""
        self._discarding = True
        self._deadline = time.monotonic() + self._budget.timeout_s
        self.release()

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
            await send(message)

        body = Body(self._budget, receive, _declared(scope))
        scope[SCOPE_KEY] = body
        try:
            await self._app(scope, body.receive, counting)
        finally:
            body.release()


def _declared(scope: MutableMapping[str, Any]) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            # the server has found it to be a number; a longer one is too large in any case
            return int(value[:20]) if value.isdigit() else 0
    return 0
