# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Takes the message of a call within bounds: bytes over all calls, and time to arrive.

gRPC tells the size of a message when all of it has come, and takes in no more than a window of one
that was not asked for. So few are asked for at once; those that do not come at once have places of
their own, and their connections come after all others from then on, so that callers who never send
keep nobody waiting.
"""

from __future__ import annotations

import asyncio
import collections
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from contract.errors import MalformedRequest, Overloaded, RequestError, RequestTooLarge

# messages asked for at once, of all connections and of one
_ASKED_FOR = 3
_ASKED_FOR_OF_ONE = 1
# one that has not come after so many turns of the loop, this far apart, is slow; turns and not
# seconds, since a loop that is late is late for the message too
_TURNS = 5
_TURN_S = 0.01
# and after one, while so many wait
_MANY = 16
# connections remembered whose last message did not come at once; more than are open
_MOST_LATE = 4096
# of slow messages, at least
_SLOW_PLACES = 4

# of each connection, those who wait
_Queues = collections.OrderedDict[str, collections.deque[asyncio.Future[None]]]


class Message:
    """The bytes of one call's message; counted until they are given back."""

    def __init__(self, intake: Intake, data: bytes) -> None:
        self._intake = intake
        self._data = data
        self.size = len(data)

    def take(self) -> bytes:
        """The bytes, once: nothing here holds them any more."""
        data, self._data = self._data, b""
        return data

    def give_back(self) -> None:
        """Count them no more: the call is answered."""
        self._intake.held -= self.size


class Turns:
    """Lets few through at once, and those of one connection no more often than others'.

    Attributes:
        waiting: those who wait for a turn.
    """

    def __init__(self) -> None:
        self.waiting = 0
        self._through: collections.Counter[str] = collections.Counter()
        self._late: collections.OrderedDict[str, None] = collections.OrderedDict()
        # of the late ones behind those of all others
        self._prompt_ones: _Queues = collections.OrderedDict()
        self._late_ones: _Queues = collections.OrderedDict()

    async def take(self, peer: str) -> None:
        """Wait for a turn; :meth:`give_back` must follow."""
        if self._room(peer):
            self._through[peer] += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queues = self._late_ones if peer in self._late else self._prompt_ones
        queues.setdefault(peer, collections.deque()).append(turn)
        self.waiting += 1
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give_back(peer)
            raise
        finally:
            self.waiting -= 1

    def give_back(self, peer: str) -> None:
        """Let the next one through."""
        self._through[peer] -= 1
        if not self._through[peer]:
            del self._through[peer]
        for queues in (self._prompt_ones, self._late_ones):
            self._let_through(queues)

    def note(self, peer: str, *, came: bool) -> None:
        """Remember whether a connection's message came at once."""
        self._late.pop(peer, None)
        if not came:
            self._late[peer] = None
            if len(self._late) > _MOST_LATE:
                self._late.popitem(last=False)

    def _let_through(self, queues: _Queues) -> None:
        for peer in list(queues):
            if sum(self._through.values()) >= _ASKED_FOR:
                return
            turns = queues[peer]
            while turns and turns[0].done():
                turns.popleft()
            if turns and self._room(peer):
                self._through[peer] += 1
                turns.popleft().set_result(None)
                queues.move_to_end(peer)
            if not turns:
                del queues[peer]

    def _room(self, peer: str) -> bool:
        return sum(self._through.values()) < _ASKED_FOR and self._through[peer] < _ASKED_FOR_OF_ONE


class Intake:
    """Used by the event loop's thread only.

    Attributes:
        held: bytes of messages in work.
        slow: calls whose message is coming slowly.
    """

    def __init__(self, max_bytes: int, largest: int, most: int, timeout_s: float) -> None:
        """Nothing is held.

        Args:
            max_bytes: that a message may have.
            largest: bytes of a message that gRPC still hands over.
            most: bytes over all calls, from the arrival of each message to its answer.
            timeout_s: that a message may take to arrive.
        """
        self._max_bytes = max_bytes
        self._most = most
        self._slow_places = max(_SLOW_PLACES, most // largest)
        self._timeout_s = timeout_s
        self._turns = Turns()
        self.held = 0
        self.slow = 0

    async def message(self, context: Any) -> Message:
        """The message of a call.

        Raises:
            Overloaded: no more bytes may be held now.
            RequestError: it did not arrive in time, there is none, or it is too large.
        """
        data = await self._read(context)
        if not isinstance(data, bytes):
            # gRPC's sign of the end
            raise MalformedRequest("no message came", field="request")
        if len(data) > self._max_bytes:
            raise RequestTooLarge(
                f"{len(data)} bytes, at most {self._max_bytes} allowed", field="request"
            )
        if self.held + len(data) > self._most:
            raise Overloaded(
                f"{self.held} bytes of messages are in work; try again later", field="request"
            )
        self.held += len(data)
        return Message(self, data)

    async def _read(self, context: Any) -> Any:
        peer = context.peer()
        await self._turns.take(peer)
        reading = asyncio.ensure_future(context.read())
        try:
            try:
                came = await _came_at_once(reading, 1 if self._turns.waiting > _MANY else _TURNS)
                self._turns.note(peer, came=came)
            finally:
                self._turns.give_back(peer)
            if not came:
                await self._wait(reading)
            return reading.result()
        finally:
            if not reading.done():
                reading.cancel()

    async def _wait(self, reading: asyncio.Future[Any]) -> None:
        """Wait for a slow message."""
        with self._slow_place():
            await asyncio.wait({reading}, timeout=self._timeout_s)
        if not reading.done():
            raise RequestError(
                f"did not arrive within {self._timeout_s:g} s; send it faster, or less of it",
                field="request",
            )

    @contextmanager
    def _slow_place(self) -> Iterator[None]:
        if self.slow >= self._slow_places:
            raise Overloaded(
                f"{self.slow} messages come slowly already; try again later, or send less at once",
                field="request",
            )
        self.slow += 1
        try:
            yield
        finally:
            self.slow -= 1


async def _came_at_once(reading: asyncio.Future[Any], turns: int) -> bool:
    for _ in range(turns):
        done, _waiting = await asyncio.wait({reading}, timeout=_TURN_S)
        if done:
            return True
    return False
