# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""One request taken, run in a thread, and let go: what every ranking route does.

A caller that closes its connection meanwhile takes its rows out of the queue.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Callable, TypeVar

from fastapi import Request, Response

from pipeline.door.front_door import FrontDoor
from pipeline.edges.http.api_keys import Caller, Keys
from pipeline.edges.http.headers import deadline_of, dry_run_of, request_id_of
from pipeline.edges.http.layers.body_budget import SCOPE_KEY, Body
from pipeline.request.cancel import Cancel
from pipeline.request.exchange import Ask, Done, Origin
from pipeline.request.trace import TRACEPARENT, TRACESTATE

# a body below that is parsed in less time than a change of threads takes
_SMALL_BYTES = 32 * 1024
_T = TypeVar("_T")


async def off_loop(body: bytes, read: Callable[[], _T]) -> _T:
    """Read a body; in a thread when it is large, so that no other connection waits for it."""
    if len(body) < _SMALL_BYTES:
        return read()
    return await asyncio.get_running_loop().run_in_executor(None, read)


class Work:
    """Runs requests of the HTTP edge."""

    def __init__(self, front_door: FrontDoor, pool: ThreadPoolExecutor, keys: Keys) -> None:
        """Bind the door.

        Args:
            front_door: answers.
            pool: one thread for every request that may be in flight; ranking blocks its thread.
            keys: say who may call.
        """
        self._keys = keys
        self.front_door = front_door
        self._pool = pool

    def admit(self, request: Request) -> Caller:
        """Find out who calls, before the body is read, and refuse what would wait too long.

        Raises:
            Unauthorized: without one of the keys.
            OverLimit: too many requests.
            Overloaded: too many of all callers.
        """
        # a request that is refused for now takes nothing from its key's share
        self.check(request)
        self.front_door.check(_size(request))
        return self.caller(request)

    def caller(self, request: Request) -> Caller:
        """Find out who calls, for what costs nothing but a look.

        Raises:
            Unauthorized: without one of the keys.
            OverLimit: too many requests.
        """
        caller = self._keys.admit(request.headers)
        request.state.caller = caller
        request.state.received = time.monotonic()
        return caller

    def check(self, request: Request) -> None:
        """Let those read who may call, without counting a request.

        Raises:
            Unauthorized: without one of the keys.
        """
        self._keys.find(request.headers)

    async def run(
        self, request: Request, ask: Ask, respond: Callable[[Done], Response]
    ) -> Response:
        """Run one request to its end; its body has been read.

        Args:
            request: of the caller.
            ask: what it asks, but for its headers' deadline and id.
            respond: writes the answer, in the request's thread.

        Raises:
            RankingError: it is refused at once, or a header is wrong.
        """
        cancel = Cancel()
        ask = replace(
            ask,
            deadline=deadline_of(request),
            request_id=request_id_of(request),
            cancel=cancel,
            origin=_origin(request),
            dry_run=dry_run_of(request),
        )
        with request.state.caller.in_work():
            ticket = self.front_door.enter(_size(request))
            try:
                response = asyncio.get_running_loop().run_in_executor(
                    self._pool, self._answer, replace(ask, ticket=ticket), respond
                )
            except BaseException:
                self.front_door.leave(ticket)
                raise
            watching = asyncio.ensure_future(_watch(request, cancel))
            try:
                return await response
            finally:
                watching.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await watching

    def _answer(self, ask: Ask, respond: Callable[[Done], Response]) -> Response:
        return respond(self.front_door.done(ask))


def _origin(request: Request) -> Origin:
    headers = request.headers
    return Origin(
        "http",
        request.state.received,
        headers.get(TRACEPARENT, ""),
        headers.get(TRACESTATE, ""),
    )


def _size(request: Request) -> int:
    body: Body = request.scope[SCOPE_KEY]
    return body.size


async def _watch(request: Request, cancel: Cancel) -> None:
    """Tell when the connection is closed before the answer."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    cancel.tell()
