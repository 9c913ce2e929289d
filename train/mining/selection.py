# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Choose each list's negatives: so many of each source, from some ranks, no title twice."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Optional

from train.mining.judge import Judge
from train.mining.lists import RankedList
from train.mining.pool import Pool
from train.mining.sources import RANDOM_SOURCE, Source

# lists whose candidates are looked for and judged together
_LISTS_AT_ONCE = 256
# of random titles some are the list's own, or chosen already
_RANDOM_SPARE = 5


class Ranks(NamedTuple):
    """From which rank to which, from 1, both included."""

    first: int
    last: int


class Mined(NamedTuple):
    """A list, and the titles that were found for it."""

    item: RankedList
    negatives: list[str]


class Selection:
    """Chooses negatives.

    Attributes:
        chosen: how many of each source there are.
        too_good: how many candidates the judge dropped.
        judged: of how many.
        short: lists that got fewer than asked for.
    """

    def __init__(
        self,
        pool: Pool,
        counts: Sequence[tuple[Source, int]],
        ranks: Ranks,
        *,
        seed: int,
        judge: Optional[Judge] = None,
        from_the_top: bool = True,
    ) -> None:
        """Say what to choose.

        Args:
            pool: the titles.
            counts: sources, and how many negatives of each; the first one chooses first.
            ranks: of each source but chance.
            seed: of the draws within the ranks.
            judge: drops what is too good.
            from_the_top: take the best of the ranks; else draw among them.
        """
        self._pool = pool
        self._counts = [(source, count) for source, count in counts if count > 0]
        self._ranks = ranks
        self._seed = seed
        self._judge = judge
        self._from_the_top = from_the_top
        self.chosen: Counter[str] = Counter()
        self.too_good = self.judged = self.short = 0

    def mine(self, items: Sequence[RankedList]) -> Iterator[Mined]:
        """Every list with its negatives, in their order."""
        for start in range(0, len(items), _LISTS_AT_ONCE):
            part = items[start : start + _LISTS_AT_ONCE]
            windows = [self._window(source, count, part) for source, count in self._counts]
            dropped = self._dropped(part, windows)
            for i, item in enumerate(part):
                yield self._choose(item, [window[i] for window in windows], dropped[i])

    def _window(self, source: Source, count: int, items: Sequence[RankedList]) -> list[list[int]]:
        """Candidates of one source for each list, in the order in which they are taken."""
        if source.name == RANDOM_SOURCE:
            return source.ranked(items, count + _RANDOM_SPARE)
        first, last = self._ranks
        windows = [numbers[first - 1 :] for numbers in source.ranked(items, last)]
        if not self._from_the_top:
            for item, window in zip(items, windows):
                random.Random(f"{self._seed} {source.name} {item.query}").shuffle(window)
        return windows

    def _dropped(
        self, items: Sequence[RankedList], windows: Sequence[list[list[int]]]
    ) -> list[set[int]]:
        if self._judge is None:
            return [set() for _ in items]
        candidates = [
            list(dict.fromkeys(number for window in windows for number in window[i]))
            for i in range(len(items))
        ]
        dropped = self._judge.too_good(items, candidates)
        self.judged += sum(map(len, candidates))
        self.too_good += sum(map(len, dropped))
        return dropped

    def _choose(self, item: RankedList, windows: list[list[int]], dropped: set[int]) -> Mined:
        keys: set[str] = set()
        chosen: list[str] = []
        for (source, count), window in zip(self._counts, windows):
            before = len(chosen)
            for number in window:
                if len(chosen) - before == count:
                    break
                key = self._pool.key(number)
                if number not in dropped and key not in keys:
                    keys.add(key)
                    chosen.append(self._pool.texts[number])
            self.chosen[source.name] += len(chosen) - before
        self.short += len(chosen) < sum(count for _, count in self._counts)
        return Mined(item, chosen)
