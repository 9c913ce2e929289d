# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The figures of a shadow comparison, against SciPy's and by hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import kendalltau

from contract.wire.response import Ranking
from contract.wire.stages import Staged, StageRun
from pipeline.records.agreement import agreement, kendall_tau_b


def test_tau_is_scipys_with_and_without_ties() -> None:
    random = np.random.default_rng(1)
    for size in (2, 3, 10, 50, 300):
        a, b = random.random(size), random.random(size)
        assert kendall_tau_b(a, b) == pytest.approx(kendalltau(a, b)[0])
        a, b = a.round(1), b.round(1)
        if len(set(a)) > 1 and len(set(b)) > 1:
            assert kendall_tau_b(a, b) == pytest.approx(kendalltau(a, b)[0])


def test_tau_where_nothing_can_be_ordered() -> None:
    assert kendall_tau_b([0.5], [0.1]) == 1.0
    assert kendall_tau_b([0.5, 0.5], [0.1, 0.1]) == 1.0
    assert kendall_tau_b([0.5, 0.5], [0.1, 0.2]) == 0.0


def test_by_hand() -> None:
    same = agreement(_ranking([0.9, 0.1, 0.5]), _ranking([0.8, 0.2, 0.5]))
    assert same == pytest.approx((1.0, 1, 1.0, 0.0, 0.2 / 3, 0))
    turned = agreement(_ranking([0.9, 0.1, 0.5]), _ranking([0.1, 0.9, 0.5]))
    assert turned == pytest.approx((-1.0, 0, 1.0, 0.0, 1.6 / 3, 0))
    answered, shadow = _ranking(range(20)), _ranking(range(20)[::-1])
    assert agreement(answered, shadow).top10_overlap == 0.0
    shadow = _ranking([*range(20, 25), *range(5, 20)])  # five of the last come first
    assert agreement(answered, shadow).top10_overlap == 0.5


def test_logits_order_what_scores_do_not() -> None:
    answered = _ranking([1.0, 1.0, 1.0], logits=(40.0, 50.0, 45.0))
    shadow = _ranking([0.1, 0.3, 0.2])
    assert agreement(answered, shadow)[:3] == (1.0, 1, 1.0)
    assert agreement(_ranking([1.0, 1.0, 1.0]), shadow)[:2] == (0.0, 0)


@pytest.mark.parametrize("dropped", ["", "DeadlineExceeded"])
def test_scores_of_a_cascade_are_not_compared(dropped: str) -> None:
    runs = StageRun("bm25", "", 3), StageRun("pairwise", "1", 0 if dropped else 2, dropped)
    stages = (0, 0, 0) if dropped else (1, 1, 0)
    cascade = replace(_ranking([0.9, 0.1, 0.5]), staged=Staged(runs, stages, (0, 2, 1)))
    plain = _ranking([0.9, 0.1, 0.5])
    for figures in (agreement(cascade, plain), agreement(plain, cascade)):
        assert (figures.kendall_tau, figures.top1_same) == (1.0, 1)
        assert (figures.score_difference, figures.score_distance) == (None, None)
        assert figures.incomplete == int(bool(dropped))


def _ranking(scores: Iterable[float], logits: tuple[float, ...] = ()) -> Ranking:
    return Ranking("pairwise", "1", tuple(float(score) for score in scores), (), logits)
