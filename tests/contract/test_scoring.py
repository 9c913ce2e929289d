# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Score functions against SciPy-free references, and the order of equal scores."""

from __future__ import annotations

import math

import numpy as np
import pytest

from contract.errors import BundleError, InferenceFailed
from contract.scoring import MOST_LOGIT, SCORE_FUNCTIONS, log_odds, rank_order, sigmoid


def test_sigmoid_matches_the_formula_and_does_not_overflow() -> None:
    logits = np.array([[-1000.0], [-3.0], [0.0], [3.0], [1000.0]], dtype=np.float32)
    expected = [0.0, 1 / (1 + math.exp(3)), 0.5, 1 / (1 + math.exp(-3)), 1.0]
    assert SCORE_FUNCTIONS["sigmoid"](logits) == pytest.approx(expected, abs=1e-7)


def test_log_odds_undo_the_sigmoid_and_end_where_its_logits_no_longer_differ() -> None:
    logits = np.array([-5.0, 0.0, 0.25, 5.0])
    assert log_odds(sigmoid(logits)) == pytest.approx(logits)
    assert log_odds([0.0, 1e-300, 1.0]).tolist() == [-MOST_LOGIT, -MOST_LOGIT, MOST_LOGIT]


def test_softmax_is_per_row_and_counts_both_logits() -> None:
    """Upstream serves sigmoid(logit1), which gives another order than the one trained."""
    logits = np.array([[3.0, 2.0], [-1.0, 1.0]], dtype=np.float32)
    score = SCORE_FUNCTIONS["softmax_positive"]
    expected = [math.exp(b) / (math.exp(a) + math.exp(b)) for a, b in logits.tolist()]
    assert score(logits) == pytest.approx(expected, abs=1e-7)
    assert rank_order(list(score(logits))) == [1, 0]
    assert score(logits[:1])[0] == score(logits)[0]


@pytest.mark.parametrize(
    ("name", "width"), [("sigmoid", 2), ("softmax_positive", 1), ("identity", 2)]
)
def test_logits_of_another_width_are_refused(name: str, width: int) -> None:
    with pytest.raises(BundleError, match="score function"):
        SCORE_FUNCTIONS[name](np.zeros((1, width), dtype=np.float32))


def test_saturated_scores_are_told_apart_and_ordered_by_their_logits() -> None:
    logits = np.array([[24.30], [24.32], [23.74], [24.13]], dtype=np.float32)
    sigmoid = SCORE_FUNCTIONS["sigmoid"]
    assert rank_order(sigmoid.margins(logits).tolist()) == [1, 0, 3, 2]
    # float32 has 1.0 for all of them
    assert rank_order(sigmoid(logits).tolist()) == [1, 0, 3, 2]
    # float64 has no more digits either
    logits += 20
    assert set(sigmoid(logits)) == {1.0}
    assert rank_order(sigmoid.margins(logits).tolist()) == [1, 0, 3, 2]


def test_the_margin_of_two_logits_is_their_difference() -> None:
    logits = np.array([[0.0, 40.0], [-9.0, 39.0]], dtype=np.float32)
    softmax = SCORE_FUNCTIONS["softmax_positive"]
    assert softmax.margins(logits).tolist() == [40.0, 48.0]
    assert softmax.has_logits
    assert not SCORE_FUNCTIONS["identity"].has_logits


@pytest.mark.parametrize("name", ["sigmoid", "softmax_positive", "identity"])
@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_a_logit_that_is_no_number_is_no_score(name: str, wrong: float) -> None:
    function = SCORE_FUNCTIONS[name]
    logits = np.zeros((3, function.width), dtype=np.float32)
    logits[1, -1] = wrong
    with pytest.raises(InferenceFailed, match="1 of 3 rows"):
        function(logits)


def test_equal_scores_keep_their_input_order() -> None:
    assert rank_order([0.5, 0.9, 0.5, 0.9]) == [1, 3, 0, 2]
    assert rank_order([0.5, 0.9, 0.5, 0.9], top_n=2) == [1, 3]
    assert rank_order([]) == []
