# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Divide the rows of an epoch into batches.

The plan depends on the seed and the epoch's number alone, so that a run can be resumed in the
middle of an epoch, and so that several processes agree on it without talking. Lists of unequal
lengths are divided in :mod:`train.data.list_batches`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Union

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
# row numbers of each list of a batch; of lists of one length ``[lists, length]``
Batch = Union[IntArray, list[IntArray]]

# rows are sorted by length among so many batches: enough that a batch has little padding, few
# enough that every epoch makes other batches
BATCHES_SORTED_TOGETHER = 50


class Plan(Protocol):
    """Which lists a run is trained on, and when; a row on its own is a list of one."""

    def __len__(self) -> int:
        """Batches of the first epoch."""

    def steps(self, epochs: int) -> int:
        """Batches of all epochs from the first."""

    def epoch(self, number: int) -> Sequence[Batch]:
        """The batches of epoch ``number``, from 1."""


class BatchPlan:
    """The order in which rows are trained on."""

    def __init__(self, lengths: IntArray, batch_size: int, seed: int, bucketing: bool) -> None:
        """Plan for rows of these lengths; ``batch_size`` is that of all processes together."""
        self._lengths = lengths
        self._batch_size = batch_size
        self._seed = seed
        self._bucketing = bucketing

    def __len__(self) -> int:
        """Batches per epoch; the last may be smaller."""
        return -(-len(self._lengths) // self._batch_size)

    def epoch(self, number: int) -> list[IntArray]:
        """Row numbers of every batch of epoch ``number``."""
        random = np.random.default_rng([self._seed % 2**32, number])
        order = random.permutation(len(self._lengths))
        if not self._bucketing:
            return self._cut(order)
        order = sorted_in_spans(
            order, self._lengths[order], self._batch_size * BATCHES_SORTED_TOGETHER
        )
        batches = self._cut(order)
        return [batches[i] for i in random.permutation(len(batches))]

    def _cut(self, order: IntArray) -> list[IntArray]:
        return [
            order[start : start + self._batch_size]
            for start in range(0, len(order), self._batch_size)
        ]


class EqualListPlan:
    """The order in which lists of one length are trained on: rows on their own, or triples."""

    def __init__(
        self, members: IntArray, lengths: IntArray, batch_size: int, seed: int, bucketing: bool
    ) -> None:
        """Plan for lists.

        Args:
            members: row numbers of each list, ``[lists, length]``.
            lengths: of the rows, in tokens.
            batch_size: lists of a batch of all processes together.
            seed: of the order.
            bucketing: put lists of like row lengths into one batch.
        """
        self._members = members
        self._lists = BatchPlan(lengths[members].max(axis=1), batch_size, seed, bucketing)

    def __len__(self) -> int:
        """Batches of an epoch."""
        return len(self._lists)

    def steps(self, epochs: int) -> int:
        """Batches of so many epochs."""
        return epochs * len(self)

    def epoch(self, number: int) -> list[IntArray]:
        """``[lists, length]`` row numbers of every batch of epoch ``number``."""
        return [self._members[batch] for batch in self._lists.epoch(number)]


def sorted_in_spans(order: IntArray, lengths: IntArray, span: int) -> IntArray:
    """An order with each ``span`` of it sorted by length; ``lengths`` are in that order."""
    spans = np.arange(len(order)) // span
    return order[np.lexsort((lengths, spans))]


def sorted_batches(lengths: IntArray, batch_size: int) -> list[IntArray]:
    """Every row once, in batches of like length; for scoring, where the order does not matter."""
    order = np.argsort(lengths, kind="stable")
    return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
