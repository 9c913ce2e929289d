# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Score functions against SciPy-free references, and the order of equal scores."""

from __future__ import annotations

import math

import numpy as np
import pytest

from contract.errors import BundleError
from contract.scoring import SCORE_FUNCTIONS, rank_order


def test_sigmoid_matches_the_formula_and_does_not_overflow() -> None:
    logits = np.array([[-1000.0], [-3.0], [0.0], [3.0], [1000.0]], dtype=np.float32)
    expected = [0.0, 1 / (1 + math.exp(3)), 0.5, 1 / (1 + math.exp(-3)), 1.0]
    assert SCORE_FUNCTIONS["sigmoid"](logits) == pytest.approx(expected, abs=1e-7)


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


def test_equal_scores_keep_their_input_order() -> None:
    assert rank_order([0.5, 0.9, 0.5, 0.9]) == [1, 3, 0, 2]
    assert rank_order([0.5, 0.9, 0.5, 0.9], top_n=2) == [1, 3]
    assert rank_order([]) == []
