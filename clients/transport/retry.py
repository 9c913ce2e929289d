# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Decides whether a call is tried again and how long it waits before: random waits that grow.

No wait goes beyond the call's deadline. Nothing is sent from here.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Optional

from contract.errors import InvalidField

# doubling any longer changes nothing
_MOST_DOUBLINGS = 30


@dataclass(frozen=True)
class Retry:
    """When the service refuses for now (429, 503) or cannot be reached.

    Attributes:
        attempts: at most so many calls are made, the first included.
        base_s: the first wait is anything up to this; each further one up to twice the last.
        longest_s: no wait is longer, unless the service's ``Retry-After`` says so.
    """

    attempts: int = 4
    base_s: float = 0.1
    longest_s: float = 2.0

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            InvalidField: one of them cannot be.
        """
        if self.attempts < 1:
            raise InvalidField(f"must be at least 1, got {self.attempts!r}", field="attempts")
        for name in ("base_s", "longest_s"):
            value = getattr(self, name)
            if not 0 <= value < float("inf"):
                raise InvalidField(f"must be seconds of 0 or more, got {value!r}", field=name)


NEVER = Retry(attempts=1)


class Tries:
    """The attempts of one call."""

    def __init__(self, retry: Retry, timeout_s: float) -> None:
        """Start the clock."""
        self._retry = retry
        self._deadline = time.monotonic() + timeout_s
        self._made = 0

    def left_s(self) -> float:
        """Until the deadline; above 0, since no attempt is begun after it."""
        return max(0.001, self._deadline - time.monotonic())

    @property
    def over(self) -> bool:
        """Whether the deadline has passed."""
        return time.monotonic() >= self._deadline

    def wait_s(self, retry_after: str = "") -> Optional[float]:
        """After a failure: how long to wait, or ``None`` when no further attempt is left.

        Args:
            retry_after: header of the answer; a wait is never shorter.
        """
        self._made += 1
        if self._made >= self._retry.attempts:
            return None
        doublings = min(self._made - 1, _MOST_DOUBLINGS)
        most = min(self._retry.longest_s, self._retry.base_s * 2.0**doublings)
        # added to what the service says, so that those refused together do not return together
        wait = _seconds(retry_after) + random.uniform(0.0, most)
        return wait if wait < self._deadline - time.monotonic() else None


def _seconds(retry_after: str) -> float:
    """``Retry-After`` in either of its forms; what cannot be read asks for no wait."""
    text = retry_after.strip()
    if text.isascii() and text.isdecimal():
        return float(text[:12])
    try:
        when = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return 0.0
    if when.tzinfo is None:
        when = when.replace(tzinfo=timezone.utc)
    return max(0.0, (when - datetime.now(timezone.utc)).total_seconds())
