# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The metrics are those of ir-measures, and no order of a file's rows is rewarded."""

from __future__ import annotations

import math

import ir_measures
import numpy as np
import pytest
from ir_measures import AP, RR, nDCG

from train.evaluation.cautions import cautions
from train.evaluation.metrics import MAP, MRR, NDCG, PAIR_ACCURACY, QueryLists, auc, bootstrap


def random_lists(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Queries of interleaved rows with graded labels, and scores of which no two are equal."""
    draw = np.random.default_rng(seed)
    queries = draw.integers(0, 40, 700)
    labels = draw.choice([0, 0, 0, 1, 2, 4], 700)
    return queries, labels, draw.permutation(700) / 700.0


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_agrees_with_ir_measures(seed: int) -> None:
    queries, labels, scores = random_lists(seed)
    lists = QueryLists(queries, labels)
    qrels, run = [], []
    for rows in lists.rows:
        name = str(queries[rows[0]])
        run += [ir_measures.ScoredDoc(name, str(row), float(scores[row])) for row in rows]
        qrels += [ir_measures.Qrel(name, str(row), int(labels[row])) for row in rows]
    reference = ir_measures.calc_aggregate([nDCG @ 10, RR @ 10, AP], qrels, run)
    measured = lists.measure(scores)
    for name, measure in ((NDCG, nDCG @ 10), (MRR, RR @ 10), (MAP, AP)):
        assert measured[name].mean() == pytest.approx(reference[measure], abs=1e-9)


def test_equal_scores_reward_no_order_of_the_rows() -> None:
    queries, scores = np.zeros(3, dtype=np.int64), np.array([0.5, 0.5, 0.5])
    best_first = QueryLists(queries, np.array([1, 0, 0])).measure(scores)
    best_last = QueryLists(queries, np.array([0, 0, 1])).measure(scores)
    assert {name: values[0] for name, values in best_first.items()} == pytest.approx(
        {name: values[0] for name, values in best_last.items()}
    )
    assert best_first[MRR][0] == best_first[MAP][0] == pytest.approx((1 + 1 / 2 + 1 / 3) / 3)
    assert best_first[NDCG][0] == pytest.approx((1 + 1 / np.log2(3) + 1 / 2) / 3)
    assert best_first[PAIR_ACCURACY][0] == 0.5
    assert QueryLists(queries, np.array([0, 0, 1])).tied_pairs(scores) == 1.0


@pytest.mark.parametrize("seed", [0, 1])
def test_the_order_of_the_rows_changes_nothing(seed: int) -> None:
    queries, labels, scores = random_lists(seed)
    scores = np.floor(scores * 5)
    shuffled = np.random.default_rng(seed).permutation(len(scores))
    # the relevant rows of each list first, as many files have them
    sorted_rows = np.lexsort((-labels, queries))
    means = [
        {
            name: np.nanmean(v)
            for name, v in QueryLists(queries[o], labels[o]).measure(scores[o]).items()
        }
        for o in (shuffled, sorted_rows)
    ]
    assert means[0] == pytest.approx(means[1])


def test_only_lists_that_can_be_ranked_count() -> None:
    queries = np.array([0, 0, 1, 2, 2, 3, 3])
    labels = np.array([1, 0, 1, 0, 0, 1, 2])
    lists = QueryLists(queries, labels)
    assert [rows.tolist() for rows in lists.rows] == [[0, 1], [5, 6]]
    assert lists.skipped == 2


def test_pair_accuracy_by_hand() -> None:
    lists = QueryLists(np.zeros(3, dtype=np.int64), np.array([2, 1, 0]))
    assert lists.measure(np.array([0.9, 0.1, 0.5]))[PAIR_ACCURACY][0] == pytest.approx(2 / 3)
    one_grade = QueryLists(np.zeros(2, dtype=np.int64), np.array([1, 1]))
    assert math.isnan(one_grade.measure(np.array([0.9, 0.1]))[PAIR_ACCURACY][0])


def test_auc_is_the_share_of_ordered_pairs() -> None:
    draw = np.random.default_rng(3)
    scores, labels = draw.integers(0, 9, 200) / 9.0, draw.integers(0, 3, 200)
    positive, negative = scores[labels > 0][:, None], scores[labels == 0][None, :]
    expected = ((positive > negative) + 0.5 * (positive == negative)).mean()
    assert auc(scores, labels) == pytest.approx(expected)
    assert math.isnan(auc(scores, np.ones(200)))


def test_bootstrap_is_seeded_and_covers_the_mean() -> None:
    """The interval of a mean of n draws is about 1.96 standard errors wide on either side."""
    values = np.random.default_rng(5).normal(0.5, 0.1, 400)
    interval = bootstrap(values, seed=1)
    assert interval == bootstrap(values, seed=1)
    assert interval != bootstrap(values, seed=2)
    error = values.std() / math.sqrt(len(values))
    assert interval.mean == pytest.approx(values.mean())
    assert interval.high - interval.low == pytest.approx(2 * 1.96 * error, rel=0.15)
    assert bootstrap(np.array([0.2, np.nan, 0.2]), seed=1) == pytest.approx((0.2, 0.2, 0.2))
    assert math.isnan(bootstrap(np.array([]), seed=1).mean)


def test_scores_and_labels_that_say_nothing_are_told() -> None:
    mixed = np.array([1, 0, 1])
    assert cautions(np.array([0.1, 0.2, 0.2]), mixed) == []
    assert "all 3 logits of the ranker are 0.5" in cautions(np.full(3, 0.5), mixed)[0]
    assert (
        "1 of 3 logits of the ranker are no numbers" in cautions(np.array([1, 2, np.nan]), mixed)[0]
    )
    assert "every row of 3 is relevant" in cautions(np.arange(3), np.ones(3))[0]
    assert "no row of 3 is relevant" in cautions(np.arange(3), np.zeros(3))[0]
