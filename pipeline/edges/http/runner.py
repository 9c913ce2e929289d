# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Takes a ranking request from its route to the front door and back: what every such route shares.

Ranking blocks its thread, so it has one of a pool; the event loop only waits. A caller that closes
its connection meanwhile takes its rows out of the queue.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, NamedTuple, Optional, Protocol, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from contract.wire.request import Limits
from pipeline.door.admission import Admission, Ticket
from pipeline.door.api_keys import Account, ApiKeys
from pipeline.door.front_door import FrontDoor
from pipeline.edges.http.headers import arrival_of
from pipeline.edges.http.layers.body_budget import SCOPE_KEY, Body
from pipeline.request.call import Arrival, Call
from pipeline.request.cancel import Cancel
from pipeline.request.outcome import Outcome

# a body below that is parsed in less time than a change of threads takes
_SMALL_BYTES = 32 * 1024
_T = TypeVar("_T")


class Caller(NamedTuple):
    """A request that may be read.

    Attributes:
        body: of it, still to come.
        account: of its key; ``None`` where no key is asked for.
        received: when it came, on time.monotonic's clock.
    """

    body: Body
    account: Optional[Account]
    received: float


def body_of(request: Request) -> Body:
    """The body of a request, as the layer around all routes counts it."""
    body: Body = request.scope[SCOPE_KEY]
    return body


async def off_loop(body: bytes, read: Callable[[], _T]) -> _T:
    """Read a body; in a thread when it is large, so that no other connection waits for it."""
    if len(body) < _SMALL_BYTES:
        return read()
    return await asyncio.get_running_loop().run_in_executor(None, read)


class RouteCall(Protocol):
    """One request as its route knows it; both ends run in the request's thread."""

    def read(self, arrival: Arrival) -> Call:
        """Make a call of the body.

        Raises:
            RankingError: what is wrong with it.
        """

    def write(self, outcome: Outcome, call: Optional[Call]) -> Response:
        """Answer; ``call`` is ``None`` for a request that could not be read."""


class Runner:
    """Runs ranking requests.

    Attributes:
        limits: what a request may hold.
        max_body_bytes: that its body may have.
    """

    def __init__(
        self,
        front_door: FrontDoor,
        admission: Admission,
        keys: ApiKeys,
        pool: ThreadPoolExecutor,
        limits: Limits,
        max_body_bytes: int,
    ) -> None:
        """Bind the parts.

        Args:
            front_door: ranks.
            admission: lets in.
            keys: say who may call.
            pool: one thread for every request that may be in flight.
            limits: what a request may hold.
            max_body_bytes: that its body may have.
        """
        self._front_door = front_door
        self._admission = admission
        self._keys = keys
        self._pool = pool
        self.limits = limits
        self.max_body_bytes = max_body_bytes

    def look(self, request: Request) -> Caller:
        """Find out who calls, before the body is read, and refuse what would wait too long.

        Raises:
            Unauthorized: without one of the keys.
            OverLimit: too many requests.
            Overloaded: too many of all callers.
        """
        body = body_of(request)
        account = self._keys.find(request.headers, _address(request)) if self._keys.asked else None
        # a request that is refused for now takes nothing from its key's share
        self._admission.look(body.size)
        if account is not None:
            account.take_request()
        return Caller(body, account, time.monotonic())

    def count(self, request: Request) -> None:
        """Count a request that costs nothing but a look.

        Raises:
            Unauthorized: without one of the keys.
            OverLimit: too many requests.
        """
        account = self._keys.find(request.headers, _address(request))
        if account is not None:
            account.take_request()

    def check(self, request: Request) -> None:
        """Let those read who may call, without counting a request.

        Raises:
            Unauthorized: without one of the keys.
        """
        self._keys.find(request.headers, _address(request))

    async def run(
        self, request: Request, service: str, caller: Caller, route: RouteCall
    ) -> Response:
        """Run one request to its end; its body has been read.

        Args:
            request: of the caller.
            service: asked for.
            caller: as :meth:`look` found it.
            route: reads the request and writes its answer.

        Raises:
            RankingError: it is refused at once, or a header is wrong.
        """
        cancel = Cancel()
        arrival = arrival_of(request.headers, service, caller.received, cancel)
        ticket = self._admission.enter(caller.body.size, caller.account)
        try:
            work = self._pool.submit(self._answer, ticket, arrival, caller.account, route)
        except BaseException:
            with ticket:
                raise
        watching = asyncio.ensure_future(_watch(request, cancel))
        try:
            return await asyncio.wrap_future(work)
        finally:
            if work.cancelled():
                # no thread had taken it: nobody else gives its place back
                with ticket:
                    pass
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching

    def _answer(
        self, ticket: Ticket, arrival: Arrival, account: Optional[Account], route: RouteCall
    ) -> Response:
        """One request in its thread: read, rank, write."""
        call: Optional[Call]
        with ticket:
            try:
                call = route.read(arrival)
                if account is not None:
                    account.take_documents(call.request.documents)
            except Exception as error:
                call, outcome = None, self._front_door.refuse(arrival, error, ticket)
            else:
                outcome = self._front_door.rank(call, ticket)
        return route.write(outcome, call)


def _address(request: Request) -> str:
    """Of the caller."""
    return request.client.host if request.client is not None else ""


async def _watch(request: Request, cancel: Cancel) -> None:
    """Tell when the connection is closed before the answer."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    cancel.tell()
