# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The traffic of the last minutes: counts and quantiles, by variant and ranker.

A ring of intervals of ten seconds, so that old traffic leaves and memory stays bounded: an interval
holds one histogram for each ranker of each variant that was asked in it. Bins are 5 % wide, and a
quantile is the upper edge of its bin: never below the true one, at most 5 % above it.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Callable, NamedTuple, Optional

INTERVAL_S = 10
INTERVALS = 30
QUANTILE_ERROR = 0.05

ANSWERED, FAILED, REFUSED, REJECTED = "answered", "failed", "refused", "rejected"
VERDICTS = (ANSWERED, FAILED, REFUSED, REJECTED)
_FIRST_EDGE_S = 1e-4
_LAST_BIN = 300


class Line(NamedTuple):
    """What is told apart.

    Attributes:
        experiment: empty for requests that are in none.
        variant: of it.
        ranker: that answered, or was to; two joined by ``+``; empty when it came to none.
    """

    experiment: str
    variant: str
    ranker: str


NO_LINE = Line("", "", "")


def verdict_of(http_status: int) -> str:
    """What a status says of a request.

    ``refused``: not now (429, 503); ``rejected``: the request is wrong, or its caller went;
    ``failed``: the service is at fault.
    """
    if http_status in (429, 503):
        return REFUSED
    if http_status >= 500:
        return FAILED
    return REJECTED if http_status >= 400 else ANSWERED


@dataclass
class Counts:
    """Requests by how they ended, and how long the answered ones took."""

    ended: Counter[str] = field(default_factory=Counter)
    bins: Counter[int] = field(default_factory=Counter)
    longest_s: float = 0.0

    def add(self, verdict: str, seconds: float) -> None:
        """Count one request; only an answer's time counts."""
        self.ended[verdict] += 1
        if verdict == ANSWERED:
            self.bins[_bin_of(seconds)] += 1
            self.longest_s = max(self.longest_s, seconds)

    def merge(self, other: Counts) -> None:
        """Add all that another one has counted."""
        self.ended.update(other.ended)
        self.bins.update(other.bins)
        self.longest_s = max(self.longest_s, other.longest_s)

    def quantile_s(self, q: float) -> Optional[float]:
        """Seconds within which the share ``q`` of answers came; ``None`` without any."""
        rank = math.ceil(q * self.ended[ANSWERED])
        for number in sorted(self.bins):
            rank -= self.bins[number]
            if rank <= 0:
                return min(_FIRST_EDGE_S * (1 + QUANTILE_ERROR) ** number, self.longest_s)
        return None


class Interval(NamedTuple):
    """Ten seconds of traffic; ``number`` counts intervals of the clock."""

    number: int
    lines: dict[Line, Counts]


class Snapshot(NamedTuple):
    """The traffic of a window.

    Attributes:
        observed_s: its length; less than the ring's while the service is young.
        lines: by line, over the whole window.
        timeline: all lines together, by interval, oldest first, empty intervals too.
    """

    observed_s: float
    lines: dict[Line, Counts]
    timeline: list[Counts]


class Traffic:
    """The ring; used by many threads at once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin empty.

        Args:
            clock: seconds that never go back.
        """
        self._clock = clock
        self._started = clock()
        self._ring: deque[Interval] = deque(maxlen=INTERVALS)
        self._lock = threading.Lock()

    def ended(self, line: Line, http_status: int, seconds: float) -> None:
        """Count one request.

        Args:
            line: whose.
            http_status: of its answer, whatever it came by.
            seconds: it took.
        """
        number = int(self._clock() // INTERVAL_S)
        with self._lock:
            if not self._ring or self._ring[-1].number < number:
                self._ring.append(Interval(number, {}))
            self._ring[-1].lines.setdefault(line, Counts()).add(verdict_of(http_status), seconds)

    def snapshot(self) -> Snapshot:
        """The last five minutes, less what the running interval lacks."""
        now = self._clock()
        last = int(now // INTERVAL_S)
        first = last - INTERVALS + 1
        began = max(float(first * INTERVAL_S), self._started)
        lines: dict[Line, Counts] = {}
        with self._lock:
            ring = list(self._ring)
            if ring:
                # only this one changes; requests wait while it is copied
                newest = ring.pop()
                copied = {line: merged((counts,)) for line, counts in newest.lines.items()}
                ring.append(Interval(newest.number, copied))
        kept = {i.number: i for i in ring if i.number >= first}
        for interval in kept.values():
            for line, counts in interval.lines.items():
                lines.setdefault(line, Counts()).merge(counts)
        timeline = [
            merged(kept[number].lines.values() if number in kept else ())
            for number in range(max(first, int(self._started // INTERVAL_S)), last + 1)
        ]
        return Snapshot(now - began, lines, timeline)


def merged(parts: Iterable[Counts]) -> Counts:
    """All of them together."""
    whole = Counts()
    for part in parts:
        whole.merge(part)
    return whole


def _bin_of(seconds: float) -> int:
    if seconds <= _FIRST_EDGE_S:
        return 0
    return min(_LAST_BIN, math.ceil(math.log(seconds / _FIRST_EDGE_S, 1 + QUANTILE_ERROR)))
