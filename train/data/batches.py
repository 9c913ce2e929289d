# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Divide the rows of an epoch into batches.

The plan depends on the seed and the epoch's number alone, so that a run can be resumed in the
middle of an epoch, and so that several processes agree on it without talking.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]

# rows are sorted by length among so many batches: enough that a batch has little padding, few
# enough that every epoch makes other batches
_BATCHES_SORTED_TOGETHER = 50


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
        span = self._batch_size * _BATCHES_SORTED_TOGETHER
        batches: list[IntArray] = []
        for start in range(0, len(order), span):
            part = order[start : start + span]
            batches += self._cut(part[np.argsort(self._lengths[part], kind="stable")])
        return [batches[i] for i in random.permutation(len(batches))]

    def _cut(self, order: IntArray) -> list[IntArray]:
        return [
            order[start : start + self._batch_size]
            for start in range(0, len(order), self._batch_size)
        ]


def sorted_batches(lengths: IntArray, batch_size: int) -> list[IntArray]:
    """Every row once, in batches of like length; for scoring, where the order does not matter."""
    order = np.argsort(lengths, kind="stable")
    return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
