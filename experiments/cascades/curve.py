# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""NDCG@10 and cost of a cascade, by how many documents its first stage keeps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional, Union

import numpy as np
from numpy.typing import NDArray

from contract.list_metrics import Places, ndcg
from contract.scoring import rank_order, share_holders
from experiments.cascades.stage_calls import TwoStages
from experiments.statistics.bootstrap import resampled_means

FloatArray = NDArray[np.float64]

RESAMPLES = 2000
# below it one list in twenty may lose everything and none of them be among those measured, with a
# probability over 5 % (0.95 ** 58 = 0.051): an interval of resampled lists then has no width
FEWEST_LISTS = 59
_ALPHA = 0.05
# keep as many as a number says, or as hold a share of the softmax of the first stage's logits
Keep = Union[int, float]


@dataclass(frozen=True)
class Point:
    """One way to keep.

    Attributes:
        keep: a whole number of documents, or a share between 0 and 1.
        kept: documents that the dear stage scores, the mean over the lists.
        ndcg: NDCG@10 of the cascade, the mean over the lists.
        loss: NDCG@10 of the dear ranker alone minus that; below 0 the cascade is better.
        low: of the 95 % interval of the loss, by resampled queries.
        high: of the same.
        pairs_per_s: documents of the lists in a second, by the times of both stages.
        times_as_fast: that, over the dear ranker's alone.
    """

    keep: Keep
    kept: float
    ndcg: float
    loss: float
    low: float
    high: float
    pairs_per_s: float
    times_as_fast: float

    def within(self, most: float) -> bool:
        """Whether the whole interval is at most that loss."""
        return self.high <= most


@dataclass(frozen=True)
class Curve:
    """All ways that were tried.

    Attributes:
        points: in the order in which they were asked for.
        lists: how many were measured.
        documents: of a list, the mean.
        longest: documents of the longest list.
        filled_in: documents of all lists that are of other queries, to make short lists longer.
        dear_ndcg: NDCG@10 of the dear ranker alone.
        cheap_ndcg: of the cheap one alone.
        dear_pairs_per_s: documents a second of the dear ranker alone.
    """

    points: tuple[Point, ...]
    lists: int
    documents: float
    longest: int
    filled_in: int
    dear_ndcg: float
    cheap_ndcg: float
    dear_pairs_per_s: float

    @property
    def too_few(self) -> bool:
        """Whether intervals of so few lists say nothing."""
        return self.lists < FEWEST_LISTS

    @property
    def filling(self) -> str:
        """How many documents were filled in, in words."""
        return f"{self.filled_in} of {self.lists * self.documents:.0f} documents were filled in"


def measure(
    lists: Sequence[TwoStages], keeps: Sequence[Keep], seed: int, filled_in: int = 0
) -> Curve:
    """Rank every list by the cascade in each way.

    Args:
        lists: scored by both stages; at least one.
        keeps: ways to keep.
        seed: of the resamples.
        filled_in: documents of the lists that are of other queries.
    """
    dear = np.array([ndcg(Places.of_scores(one.dear.values), one.grades) for one in lists])
    cheap = np.array([ndcg(Places.of_scores(one.cheap.values), one.grades) for one in lists])
    orders = [rank_order(one.cheap.values) for one in lists]
    kept = np.array([[_kept(o, s, keep) for keep in keeps] for o, s in zip(orders, lists)])
    values = np.array(
        [[_ndcg(one, order[:k]) for k in ks] for one, order, ks in zip(lists, orders, kept)]
    )
    losses = dear[:, None] - values
    means = resampled_means(losses, RESAMPLES, seed)
    low, high = np.quantile(means, [_ALPHA / 2.0, 1.0 - _ALPHA / 2.0], axis=0)
    alone_s = sum(one.dear.call_s for one in lists)
    documents = sum(len(one.grades) for one in lists)
    points = []
    for column, keep in enumerate(keeps):
        seconds = _seconds(lists, kept[:, column])
        points.append(
            Point(
                keep,
                float(kept[:, column].mean()),
                float(values[:, column].mean()),
                float(losses[:, column].mean()),
                float(low[column]),
                float(high[column]),
                documents / seconds,
                alone_s / seconds,
            )
        )
    return Curve(
        tuple(points),
        len(lists),
        documents / len(lists),
        max(len(one.grades) for one in lists),
        filled_in,
        float(dear.mean()),
        float(cheap.mean()),
        documents / alone_s,
    )


def proposed(curve: Curve, most_loss: float) -> Optional[Point]:
    """The way that has the dear stage score fewest, of those whose interval is within the bound.

    None where there are too few lists.
    """
    if curve.too_few:
        return None
    good = [point for point in curve.points if point.within(most_loss)]
    return min(good, key=lambda point: point.kept, default=None)


def usual_keeps(longest: int) -> list[int]:
    """Some thirteen numbers from 5 on, below the longest list, and that list as a whole."""
    steps = (5, 10, 15, 20, 25, 30, 40, 50, 75, 100, 150, 200, 300, 500)
    return [*(step for step in steps if step < longest), longest]


def _kept(order: Sequence[int], one: TwoStages, keep: Keep) -> int:
    if isinstance(keep, int):
        return min(keep, len(order))
    return share_holders(one.cheap.values[order], keep)


def _ndcg(one: TwoStages, kept: Sequence[int]) -> float:
    """Of the cascade: kept documents by the dear ranker, all others below them by the cheap one."""
    values = one.cheap.values - one.cheap.values.max() - 1.0
    values[kept] = one.dear.values[kept] - one.dear.values[kept].min()
    return ndcg(Places.of_scores(values), one.grades)


def _seconds(lists: Sequence[TwoStages], kept: NDArray[np.int64]) -> float:
    """That the cascade takes for all lists: what grows with the documents, and what does not."""
    return math.fsum(
        one.dear.call_s - one.dear.ranking_s * (1.0 - count / len(one.grades)) + one.cheap.ranking_s
        for one, count in zip(lists, kept.tolist())
    )
