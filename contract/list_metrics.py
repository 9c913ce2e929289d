# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""NDCG, reciprocal rank and average precision of one list; equal scores reward nobody.

Scores do not order what they score alike. So a figure is its expected value over all orders of the
titles with equal scores, each as probable as the other, whatever the order of the rows (McSherry
and Najork, ECIR 2008, "Computing information retrieval performance measures efficiently in the
presence of tied scores"). A grade above 0 is relevant; NDCG takes the grade itself as gain, as
trec_eval does. Training, ``export.quantize`` and experiments measure with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

CUTOFF = 10


class Places(NamedTuple):
    """Who stands where in a list: the titles of one score share their places.

    Attributes:
        order: indices of titles ``[n]``, best first.
        group: of each place ``[n]``, from 0; places of equal scores have one number.
        start: of each group, its first place, from 0.
        size: of each group.
    """

    order: IntArray
    group: IntArray
    start: IntArray
    size: IntArray

    @classmethod
    def of_scores(cls, scores: ArrayLike) -> Places:
        """By falling score; what is no number comes last."""
        values = np.asarray(scores, dtype=np.float64)
        values = np.where(np.isnan(values), -np.inf, values)
        order = np.argsort(-values, kind="stable")
        ranked = values[order]
        begins = np.ones(len(ranked), dtype=bool)
        begins[1:] = ranked[1:] != ranked[:-1]
        group = np.cumsum(begins) - 1
        return cls(order, group, np.flatnonzero(begins), np.bincount(group))

    @classmethod
    def of_order(cls, order: Sequence[int]) -> Places:
        """An order that was shown, in which no two titles share a place; it may be cut short."""
        places = np.arange(len(order))
        return cls(np.asarray(order, dtype=np.int64), places, places, np.ones_like(places))

    def sums(self, values: NDArray[Any]) -> FloatArray:
        """Sums of a value over the titles of each group."""
        weights = np.asarray(values, dtype=np.float64)[self.order]
        return np.bincount(self.group, weights=weights, minlength=len(self.size))


def ndcg(places: Places, grades: ArrayLike) -> float:
    """Expected NDCG@10: gain = grade, discount = log2(rank + 1); 0 of a list without a gain.

    Args:
        places: of the titles.
        grades: of all titles. The ideal order has them all, so an order that was cut short loses
            what it left out.
    """
    values = np.asarray(grades, dtype=np.float64)
    ideal = _discounted(np.sort(values)[::-1])
    # of titles that share their places, each place gets the mean gain
    expected = (places.sums(values) / places.size)[places.group]
    return _discounted(expected) / ideal if ideal > 0 else 0.0


def _discounted(gains: FloatArray) -> float:
    top = gains[:CUTOFF]
    return float((top / np.log2(np.arange(len(top)) + 2.0)).sum())


def reciprocal_rank(places: Places, grades: ArrayLike) -> float:
    """Expected 1 / rank of the first relevant title; 0 where its rank is above 10, or none is."""
    relevant = places.sums(np.asarray(grades) > 0)
    found = np.flatnonzero(relevant > 0)
    if not len(found):
        return 0.0
    start, size, among = (int(x[found[0]]) for x in (places.start, places.size, relevant))
    value, none_before = 0.0, 1.0
    for before in range(min(size - among + 1, CUTOFF - start)):
        here = none_before * among / (size - before)
        value += here / (start + before + 1)
        none_before -= here
    return value


def average_precision(places: Places, grades: ArrayLike) -> float:
    """Expected mean over the relevant titles of the precision at their rank; 0 without any."""
    labels = np.asarray(grades) > 0
    if not labels.any():
        return 0.0
    among = places.sums(labels)
    before = np.cumsum(among) - among
    group = places.group
    number = np.arange(len(group))
    chance = (among / places.size)[group]
    # of a relevant title: those of better scores, itself, and its share of the others of its group
    others = ((among - 1) / np.maximum(places.size - 1, 1))[group]
    rank_in_group = number - places.start[group]
    precision = (before[group] + 1 + rank_in_group * others) / (number + 1)
    return float((chance * precision).sum() / labels.sum())
