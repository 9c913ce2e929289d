# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Equal scores count as the mean over their orders, by trying them all; others as ever."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Callable

import numpy as np
import pytest

from contract.list_metrics import CUTOFF, Places, average_precision, ndcg, reciprocal_rank

Metric = Callable[[Places, Sequence[int]], float]


def _ndcg(ranked: Sequence[int]) -> float:
    """Of grades in ranked order."""

    def dcg(grades: Sequence[int]) -> float:
        return float(sum(g / np.log2(i + 2) for i, g in enumerate(grades[:CUTOFF])))

    ideal = dcg(sorted(ranked, reverse=True))
    return dcg(ranked) / ideal if ideal else 0.0


def _reciprocal_rank(ranked: Sequence[int]) -> float:
    return next((1.0 / (i + 1) for i, g in enumerate(ranked[:CUTOFF]) if g > 0), 0.0)


def _average_precision(ranked: Sequence[int]) -> float:
    ranks = [i + 1 for i, g in enumerate(ranked) if g > 0]
    return float(np.mean([(k + 1) / rank for k, rank in enumerate(ranks)])) if ranks else 0.0


METRICS = [
    (ndcg, _ndcg),
    (reciprocal_rank, _reciprocal_rank),
    (average_precision, _average_precision),
]


@pytest.mark.parametrize(("metric", "of_ranked"), METRICS)
def test_ties_are_the_mean_over_all_their_orders(
    metric: Metric, of_ranked: Callable[[Sequence[int]], float]
) -> None:
    draw = np.random.default_rng(4)
    for _ in range(60):
        grades = draw.integers(0, 3, draw.integers(1, 7)).tolist()
        scores = draw.integers(0, 3, len(grades)).tolist()
        values = [
            of_ranked([grades[i] for i in order])
            for order in itertools.permutations(range(len(grades)))
            if all(scores[a] >= scores[b] for a, b in zip(order, order[1:]))
        ]
        assert metric(Places.of_scores(scores), grades) == pytest.approx(np.mean(values))


@pytest.mark.parametrize(("metric", "of_ranked"), METRICS)
def test_a_tie_across_the_cutoff_is_the_mean_over_its_orders(
    metric: Metric, of_ranked: Callable[[Sequence[int]], float]
) -> None:
    """Twelve titles, of which the last five tie; only two of them are among the first ten."""
    scores, grades = [12, 11, 10, 9, 8, 7, 6, 5, 1, 1, 1, 1], [0] * 8 + [2, 0, 1, 0]
    values = [
        of_ranked(grades[:8] + [grades[8 + i] for i in order])
        for order in itertools.permutations(range(4))
    ]
    assert metric(Places.of_scores(scores), grades) == pytest.approx(np.mean(values))


@pytest.mark.parametrize(("metric", "of_ranked"), METRICS)
def test_distinct_scores_give_what_they_always_gave(
    metric: Metric, of_ranked: Callable[[Sequence[int]], float]
) -> None:
    draw = np.random.default_rng(5)
    for _ in range(100):
        grades = draw.choice([0, 0, 0, 1, 2, 4], draw.integers(1, 30)).tolist()
        scores = draw.permutation(len(grades)).tolist()
        ranked = [grades[i] for i in np.argsort(scores)[::-1]]
        assert metric(Places.of_scores(scores), grades) == pytest.approx(of_ranked(ranked))


@pytest.mark.parametrize(("metric", "of_ranked"), METRICS)
def test_a_constant_score_earns_nothing_by_the_order_of_the_rows(
    metric: Metric, of_ranked: Callable[[Sequence[int]], float]
) -> None:
    grades = [1, 1, 0, 0, 0, 0]
    values = [metric(Places.of_scores([0.5] * 6), order) for order in (grades, grades[::-1])]
    assert of_ranked(grades) == 1.0
    assert values[0] == values[1] < 0.75


def test_a_shown_order_that_was_cut_short_loses_what_it_left_out() -> None:
    assert ndcg(Places.of_order([1]), [2, 2, 0]) == pytest.approx(1 / (1 + 1 / np.log2(3)))
    assert ndcg(Places.of_order([0, 1]), [0, 0]) == 0.0


def test_what_is_no_number_comes_last() -> None:
    places = Places.of_scores([float("nan"), 0.1, float("nan"), 0.2])
    assert places.order[:2].tolist() == [3, 1]
    assert places.size.tolist() == [1, 1, 2]
