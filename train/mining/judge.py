# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Tells titles that are too good to be negatives, by a teacher: relevant ones nobody labelled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

import numpy as np

from train.mining.lists import RankedList
from train.mining.pool import Pool
from train.teachers.teacher import FloatArray, Pair, Teacher


class Judge:
    """Positive-aware mining (de Souza et al., 2024, "NV-Retriever", arXiv 2407.15831).

    A candidate is dropped when the teacher finds it more relevant than a share of what it finds
    the list's least relevant positive, or than that positive less a margin. Both are taken of the
    teacher's :meth:`~train.teachers.teacher.Teacher.relevance`: a cosine, or a score from 0 to 1.
    """

    def __init__(
        self, pool: Pool, teacher: Teacher, share: Optional[float], margin: Optional[float]
    ) -> None:
        """Bind teacher and limits; ``None`` is no limit."""
        self._pool = pool
        self._teacher = teacher
        self._share = share
        self._margin = margin

    def too_good(
        self, items: Sequence[RankedList], candidates: Sequence[Sequence[int]]
    ) -> list[set[int]]:
        """Of each list, those of its candidates that must not be its negatives."""
        pairs: list[Pair] = []
        for item, numbers in zip(items, candidates):
            pairs += [(item.query, text) for text, _ in item.relevant]
            pairs += [(item.query, self._pool.texts[number]) for number in numbers]
        if not pairs:
            return [set() for _ in items]
        relevance = self._teacher.relevance(self._teacher.scores(pairs))
        dropped, at = [], 0
        for item, numbers in zip(items, candidates):
            middle, end = at + len(item.relevant), at + len(item.relevant) + len(numbers)
            limit = self._limit(relevance[at:middle])
            dropped.append({n for n, value in zip(numbers, relevance[middle:end]) if value > limit})
            at = end
        return dropped

    def _limit(self, positives: FloatArray) -> float:
        lowest = float(positives.min())
        limits = [np.inf]
        if self._share is not None:
            # a cosine may be below 0, and a share of it is then above it
            limits.append(min(self._share * lowest, lowest))
        if self._margin is not None:
            limits.append(lowest - self._margin)
        return min(limits)
