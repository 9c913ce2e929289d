# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Starts calls on time, at a fixed rate, whether earlier ones have ended or not: an open loop.

Readers do not wait for each other, so a late answer must not slow the next request, else the
service's worst moments are the least measured.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable
from typing import Callable, Optional

# takes the number of the call and the loop's time at which it was due
Send = Callable[[int, float], Awaitable[None]]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class OpenLoop:
    """Starts calls at even distances.

    Attributes:
        lateness_s: for each call started, how long after it was due.
        unfinished: calls given up because the loop was stopped.
        stopped_by: number of the signal that stopped it, or 0.
    """

    def __init__(self, rate: float, in_flight: int, grace_s: float = 5.0) -> None:
        """Bind the pace.

        Args:
            rate: calls a second.
            in_flight: calls at a time, at most; beyond that, calls start late.
            grace_s: how long calls in flight may still take after the first signal.
        """
        self._rate = rate
        self._in_flight = in_flight
        self._grace_s = grace_s
        self._calls: set[asyncio.Future[None]] = set()
        self._failure: Optional[BaseException] = None
        self.lateness_s: list[float] = []
        self.unfinished = 0
        self.stopped_by = 0

    async def run(self, count: int, send: Send) -> None:
        """Start ``count`` calls and wait for them.

        SIGINT and SIGTERM end it early: no more calls start, and those in flight have
        ``grace_s`` left; a second signal gives them up.

        Raises:
            BaseException: what ``send`` raised first.
        """
        loop = asyncio.get_running_loop()
        starter = asyncio.ensure_future(self._start_all(count, send))
        for number in _SIGNALS:
            loop.add_signal_handler(number, self._stop, number, starter)
        try:
            await asyncio.wait({starter})
            while self._calls:
                await asyncio.wait(self._calls)
        finally:
            for number in _SIGNALS:
                loop.remove_signal_handler(number)
        failure = self._failure or (None if starter.cancelled() else starter.exception())
        if failure:
            raise failure

    async def _start_all(self, count: int, send: Send) -> None:
        loop = asyncio.get_running_loop()
        slots = asyncio.Semaphore(self._in_flight)
        starter = asyncio.current_task()
        begin = loop.time()

        def ended(call: asyncio.Future[None]) -> None:
            slots.release()
            self._calls.discard(call)
            if call.cancelled():
                self.unfinished += 1
            elif call.exception() and starter:
                self._failure = self._failure or call.exception()
                starter.cancel()

        for number in range(count):
            due = begin + number / self._rate
            await asyncio.sleep(due - loop.time())
            await slots.acquire()
            self.lateness_s.append(max(0.0, loop.time() - due))
            call = asyncio.ensure_future(send(number, due))
            self._calls.add(call)
            call.add_done_callback(ended)

    def _stop(self, number: int, starter: asyncio.Future[None]) -> None:
        if self.stopped_by:
            self._give_up()
        self.stopped_by = number
        starter.cancel()
        asyncio.get_running_loop().call_later(self._grace_s, self._give_up)

    def _give_up(self) -> None:
        for call in self._calls:
            call.cancel()
