# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Draw titles of every list for an epoch, and pack whole lists into batches.

As in :mod:`train.data.batches`, the seed and the epoch's number decide all draws.
"""

from __future__ import annotations

from typing import Optional

import numpy as np

from contract.errors import SetUpError
from train.data.batches import BATCHES_SORTED_TOGETHER, IntArray, sorted_in_spans


class ListPlan:
    """The order in which lists of any length are trained on, and the titles drawn of each."""

    def __init__(
        self,
        lists: IntArray,
        grades: IntArray,
        lengths: IntArray,
        *,
        batch_size: int,
        processes: int = 1,
        list_size: Optional[int] = None,
        seed: int,
        bucketing: bool,
    ) -> None:
        """Plan for lists.

        Args:
            lists: number of each row's list, from 0; -1 leaves the row out.
            grades: of the rows.
            lengths: of the rows, in tokens.
            batch_size: rows that a process takes at once.
            processes: that share a batch.
            list_size: titles to draw of longer lists; ``None`` takes all.
            seed: of all draws.
            bucketing: put lists of like row lengths into one batch.

        Raises:
            SetUpError: a list has more rows than a batch.
        """
        used = np.flatnonzero(lists >= 0)
        self._rows = used[np.argsort(lists[used], kind="stable")]
        self._starts = _borders(lists[self._rows])
        self._grades, self._lengths = grades, lengths
        self._list_size = list_size
        self._batch_size = batch_size * processes
        self._seed, self._bucketing = seed, bucketing
        self._batches_of_first = 0
        full = np.diff(self._starts)
        longest = int(full.max())
        if min(longest, list_size or longest) > batch_size:
            raise SetUpError(
                f"a list has {min(longest, list_size or longest)} titles, and a batch {batch_size} "
                f"rows; a list is never parted, so raise it, or draw fewer with --list_size",
                field="batch_size",
            )

    def __len__(self) -> int:
        """Batches of the first epoch."""
        self._batches_of_first = self._batches_of_first or len(self.epoch(1))
        return self._batches_of_first

    def steps(self, epochs: int) -> int:
        """Batches of so many epochs; lists fill batches otherwise in each."""
        return len(self) + sum(len(self.epoch(number)) for number in range(2, epochs + 1))

    def epoch(self, number: int) -> list[list[IntArray]]:
        """Row numbers of every list of every batch of epoch ``number``.

        Every list is there once. The largest of a batch come first, so that processes that are
        dealt its lists in turn have like shares.
        """
        random = np.random.default_rng([self._seed % 2**32, number])
        rows, starts = self._draw(random)
        sizes = np.diff(starts)
        order = random.permutation(len(sizes))
        if self._bucketing:
            longest = np.maximum.reduceat(self._lengths[rows], starts[:-1])
            rows_together = self._batch_size * BATCHES_SORTED_TOGETHER
            span = max(1, rows_together * len(sizes) // len(rows))
            order = sorted_in_spans(order, longest[order], span)
        batches = [
            [rows[starts[i] : starts[i + 1]] for i in sorted(batch, key=lambda i: -sizes[i])]
            for batch in self._pack(order, sizes)
        ]
        return [batches[i] for i in random.permutation(len(batches))]

    def _pack(self, order: IntArray, sizes: IntArray) -> list[list[int]]:
        """Fill batches with lists in this order."""
        batches: list[list[int]] = []
        room = 0
        for number, size in zip(order.tolist(), sizes[order].tolist()):
            if size > room:
                batches.append([])
                room = self._batch_size
            batches[-1].append(number)
            room -= size
        return batches

    def _draw(self, random: np.random.Generator) -> tuple[IntArray, IntArray]:
        """The rows of all lists for an epoch, list after list, and where each list starts.

        Titles of the lowest grade of a list get the places that the others leave, one at least.
        """
        if self._list_size is None or np.diff(self._starts).max() <= self._list_size:
            return self._rows, self._starts
        sizes = np.diff(self._starts)
        of_list = np.repeat(np.arange(len(sizes)), sizes)
        grades = self._grades[self._rows]
        lowest = grades == np.minimum.reduceat(grades, self._starts[:-1])[of_list]
        low = np.bincount(of_list[lowest], minlength=len(sizes))
        kept_low = np.minimum(low, np.maximum(self._list_size - (sizes - low), 1))
        kept_high = np.minimum(sizes - low, self._list_size - kept_low)
        # a random order within the better and within the lowest rows of each list
        shuffled = np.lexsort((random.random(len(self._rows)), lowest, of_list))
        group = of_list[shuffled] * 2 + lowest[shuffled]
        group_starts = _borders(group)
        rank = np.arange(len(group)) - np.repeat(group_starts[:-1], np.diff(group_starts))
        kept = rank < np.where(lowest, kept_low[of_list], kept_high[of_list])[shuffled]
        rows = self._rows[np.sort(shuffled[kept])]
        return rows, np.concatenate([[0], np.cumsum(kept_low + kept_high)])


def _borders(groups: IntArray) -> IntArray:
    """Where each run of equal numbers starts, and the end."""
    return np.concatenate([[0], np.flatnonzero(np.diff(groups)) + 1, [len(groups)]])
