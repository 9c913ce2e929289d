# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Which threads a channel of the DAG wakes when a message comes: one of each op behind it.

Paddle's thread channel wakes all of them, and all but one go back to sleep. With a thread for
every request in flight that costs more than scoring a short request.
"""

from __future__ import annotations

import threading
from _thread import RLock  # the class; threading.RLock is a function
from collections.abc import Sized
from typing import Optional

_THREAD = threading.local()


def name_thread(op: str) -> None:
    """Say which op the current thread runs."""
    _THREAD.op = op


class WakeOnePerOp(RLock):  # type: ignore[misc]  # final for typeshed only
    """Takes the place of a channel's condition, and is its lock too.

    Each message is taken by one thread of every op behind the channel, and a thread that becomes
    free looks for messages before it waits; so one woken thread per op and message is enough.
    For channels without a bound that are never stopped, as those of pipeline.dag.graph.
    """

    def __new__(cls, messages: Sized) -> WakeOnePerOp:
        """A lock takes no arguments."""
        return super().__new__(cls)

    def __init__(self, messages: Sized) -> None:
        """Make the lock; the conditions come with the ops that wait.

        Args:
            messages: those that no op behind the channel has looked at.
        """
        super().__init__()
        self._messages = messages
        self._conditions: dict[str, threading.Condition] = {}

    def wait(self, timeout: Optional[float] = None) -> bool:
        """Sleep until a message may be there for the thread's op."""
        op = getattr(_THREAD, "op", "")
        condition = self._conditions.get(op)
        if condition is None:
            condition = self._conditions[op] = threading.Condition(self)
        return condition.wait(timeout)

    def notify_all(self) -> None:
        """Wake one thread of each op, when there is something new.

        Paddle also calls this when a message is taken, and when one of two ops that are joined has
        sent its part: then there is nothing to wake for.
        """
        if not self._messages or getattr(_THREAD, "op", "") in self._conditions:
            return
        for condition in self._conditions.values():
            condition.notify()
