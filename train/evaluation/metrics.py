# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Metrics over all lists of a file, AUC, and bootstrap intervals.

Those of one list are in :mod:`contract.list_metrics`: equal scores count as the expected value over
their orders, so that no order of the file's rows is rewarded.
"""

from __future__ import annotations

from typing import Any, Callable, NamedTuple

import numpy as np
from numpy.typing import NDArray

from contract.list_metrics import CUTOFF, Places, average_precision, ndcg, reciprocal_rank

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
# of any width: a model's are float32, BM25's float64
Scores = NDArray[np.floating[Any]]

NDCG, MRR, MAP, PAIR_ACCURACY = f"NDCG@{CUTOFF}", f"MRR@{CUTOFF}", "MAP", "pair accuracy"


def auc(scores: Scores, labels: IntArray) -> float:
    """Chance that a relevant row scores above an irrelevant one, ties counting half.

    Exact, by ranks (Mann and Whitney, 1947). ``nan`` when one class is absent.
    """
    positive = np.asarray(labels) > 0
    positives, negatives = int(positive.sum()), int((~positive).sum())
    if not positives or not negatives:
        return float("nan")
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    mean_rank = ends - (counts - 1) / 2.0
    total = mean_rank[inverse][positive].sum()
    return float((total - positives * (positives + 1) / 2.0) / (positives * negatives))


def pair_accuracy(scores: Scores, grades: IntArray) -> float:
    """Part of the pairs of unequal grade that the scores order rightly, ties counting half.

    ``nan`` for a list of one grade.
    """
    better = grades[:, None] > grades[None, :]
    if not better.any():
        return float("nan")
    difference = scores[:, None] - scores[None, :]
    return float(((difference > 0) + 0.5 * (difference == 0))[better].mean())


_OF_PLACES: dict[str, Callable[[Places, IntArray], float]] = {
    NDCG: ndcg,
    MRR: reciprocal_rank,
    MAP: average_precision,
}


class QueryLists:
    """Rows grouped by their list; only lists that can be ranked are kept.

    Attributes:
        rows: of each list kept, numbers of its rows.
        single: lists left out because they have one title.
        without_relevant: those left out because no title of theirs is relevant.
    """

    def __init__(self, lists: IntArray, labels: IntArray) -> None:
        """Group rows by the number of their list, which needs two titles, one of them relevant."""
        order = np.argsort(lists, kind="stable")
        borders = np.flatnonzero(np.diff(np.asarray(lists)[order])) + 1
        groups: list[IntArray] = np.split(order, borders)
        several = [group for group in groups if len(group) > 1]
        self.rows = [group for group in several if (labels[group] > 0).any()]
        self.single = len(groups) - len(several)
        self.without_relevant = len(several) - len(self.rows)
        self._grades = [np.asarray(labels)[group] for group in self.rows]

    def __len__(self) -> int:
        """Number of lists."""
        return len(self.rows)

    @property
    def skipped(self) -> int:
        """How many lists were left out."""
        return self.single + self.without_relevant

    def measure(self, scores: Scores) -> dict[str, FloatArray]:
        """Every metric of every list; ``scores`` has one number per row of the file."""
        scores = np.asarray(scores, dtype=np.float64)
        result: dict[str, list[float]] = {name: [] for name in (*_OF_PLACES, PAIR_ACCURACY)}
        for rows, grades in zip(self.rows, self._grades):
            places = Places.of_scores(scores[rows])
            for name, metric in _OF_PLACES.items():
                result[name].append(metric(places, grades))
            result[PAIR_ACCURACY].append(pair_accuracy(scores[rows], grades))
        return {name: np.asarray(values) for name, values in result.items()}

    def tied_pairs(self, scores: Scores) -> float:
        """Part of the pairs of unequal grade with equal scores, which nothing puts in order."""
        tied, pairs = 0, 0
        for rows, grades in zip(self.rows, self._grades):
            better = grades[:, None] > grades[None, :]
            values = np.asarray(scores)[rows]
            tied += int((values[:, None] == values[None, :])[better].sum())
            pairs += int(better.sum())
        return tied / pairs if pairs else float("nan")


class Interval(NamedTuple):
    """A mean over queries and its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float


def bootstrap(values: FloatArray, seed: int, resamples: int = 1000) -> Interval:
    """Percentile bootstrap over queries (Efron, 1979); ``nan`` values are left out."""
    values = values[~np.isnan(values)]
    if not len(values):
        return Interval(float("nan"), float("nan"), float("nan"))
    random = np.random.default_rng(seed % 2**32)
    means = [values[random.integers(0, len(values), len(values))].mean() for _ in range(resamples)]
    low, high = np.percentile(means, [2.5, 97.5])
    return Interval(float(values.mean()), float(low), float(high))
