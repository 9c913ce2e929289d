# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Where negatives come from: BM25, a bi-encoder, a ranker, and chance."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cached_property
from typing import Protocol

import numpy as np

from train.bm25 import BM25
from train.mining.lists import RankedList
from train.mining.pool import Pool
from train.teachers.teacher import QUERY, TITLE, BiEncoder, FloatArray, Teacher

BM25_SOURCE, DENSE_SOURCE, RANKER_SOURCE, RANDOM_SOURCE = "bm25", "dense", "ranked", "random"

# a list's own titles stand among the best; some others differ from them by punctuation alone
_SPARE = 10
# rows of scores over the whole pool at once: 64 x 100,000 x 4 bytes
_QUERIES_AT_ONCE = 64


class Source(Protocol):
    """Orders the titles of a pool for lists.

    Attributes:
        name: in counts and reports.
    """

    name: str

    def ranked(self, items: Sequence[RankedList], count: int) -> list[list[int]]:
        """Of each list, numbers of up to ``count`` titles, the best first, none of its own."""


class Bm25Source:
    """What a search engine finds."""

    name = BM25_SOURCE

    def __init__(self, pool: Pool) -> None:
        """The pool is indexed at the first query."""
        self._pool = pool

    @cached_property
    def _index(self) -> BM25:
        return BM25(self._pool.texts)

    def ranked(self, items: Sequence[RankedList], count: int) -> list[list[int]]:
        """By BM25, titles without a term of the query left out."""
        found = []
        for item in items:
            asked = count + len(item.documents) + _SPARE
            best = self._index.top(item.query, asked, self._pool.allowed(item))
            found.append(self._pool.others(item, best, count))
        return found


class DenseSource:
    """What a bi-encoder finds: the nearest titles by an exact search."""

    name = DENSE_SOURCE

    def __init__(self, pool: Pool, encoder: BiEncoder) -> None:
        """The pool is embedded at the first query: 4 bytes for each value of each vector."""
        self._pool = pool
        self._encoder = encoder

    @cached_property
    def _vectors(self) -> FloatArray:
        return self._encoder.embed(self._pool.texts, TITLE)

    def ranked(self, items: Sequence[RankedList], count: int) -> list[list[int]]:
        """By cosine."""
        found: list[list[int]] = []
        for start in range(0, len(items), _QUERIES_AT_ONCE):
            part = items[start : start + _QUERIES_AT_ONCE]
            queries = self._encoder.embed([item.query for item in part], QUERY)
            for item, row in zip(part, queries @ self._vectors.T):
                found.append(self._best(item, row, count))
        return found

    def _best(self, item: RankedList, cosines: FloatArray, count: int) -> list[int]:
        allowed = self._pool.allowed(item)
        if allowed is not None:
            cosines = np.where(allowed, cosines, -np.inf)
        asked = min(count + len(item.documents) + _SPARE, len(self._pool))
        best = np.argpartition(-cosines, asked - 1)[:asked]
        best = best[np.isfinite(cosines[best])]
        return self._pool.others(item, best[np.lexsort((best, -cosines[best]))], count)


class RankerSource:
    """What a ranker puts above the rest of BM25's titles: what it still gets wrong."""

    name = RANKER_SOURCE

    def __init__(self, candidates: Bm25Source, pool: Pool, ranker: Teacher, depth: int) -> None:
        """``depth`` titles of BM25's are scored for each query."""
        self._candidates = candidates
        self._pool = pool
        self._ranker = ranker
        self._depth = depth

    def ranked(self, items: Sequence[RankedList], count: int) -> list[list[int]]:
        """By the ranker's scores, equal ones by BM25."""
        candidates = self._candidates.ranked(items, self._depth)
        pairs = [
            (item.query, self._pool.texts[number])
            for item, numbers in zip(items, candidates)
            for number in numbers
        ]
        if not pairs:
            return candidates
        scores = iter(np.split(self._ranker.scores(pairs), np.cumsum([len(c) for c in candidates])))
        return [
            [numbers[i] for i in np.argsort(-next(scores), kind="stable")[:count]]
            for numbers in candidates
        ]


class RandomSource:
    """Chance: each query's draws depend on the seed and its text alone."""

    name = RANDOM_SOURCE

    def __init__(self, pool: Pool, seed: int) -> None:
        """Draw from a pool."""
        self._pool = pool
        self._seed = seed

    def ranked(self, items: Sequence[RankedList], count: int) -> list[list[int]]:
        """Titles drawn without putting back."""
        found = []
        for item in items:
            draw = random.Random(f"{self._seed} {item.query}")
            allowed = self._pool.allowed(item)
            size = len(self._pool) if allowed is None else int(allowed.sum())
            # those that are open to training lists come first in the pool
            drawn = draw.sample(range(size), min(size, count + len(item.documents) + _SPARE))
            found.append(self._pool.others(item, drawn, count))
        return found
