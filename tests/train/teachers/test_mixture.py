# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Scores of several teachers on one scale, and scores as logits of the labels."""

from __future__ import annotations

import numpy as np
import pytest

from contract.errors import SetUpError
from train.teachers.mixture import calibrate, mix

A = np.array([1.0, 2.0, 3.0, 6.0], dtype=np.float32)
B = np.array([10.0, -10.0, 30.0, 50.0], dtype=np.float32)


def standardised(values: np.ndarray) -> np.ndarray:
    return (values - values.mean()) / values.std()


def test_one_teacher_is_left_as_it_is() -> None:
    np.testing.assert_array_equal(mix([A], [3.0], ["a"]), A)


def test_teachers_count_by_weight_in_the_scale_of_the_first() -> None:
    mixed = mix([A, B], [3.0, 1.0], ["a", "b"])
    wanted = A.mean() + A.std() * (0.75 * standardised(A) + 0.25 * standardised(B))
    np.testing.assert_allclose(mixed, wanted, rtol=1e-6)
    np.testing.assert_allclose(mix([A, B * 1000 + 7], [3, 1], ["a", "b"]), wanted, rtol=1e-5)


def test_a_teacher_that_tells_nothing_apart_is_refused() -> None:
    with pytest.raises(SetUpError, match="one score") as raised:
        mix([A, np.ones(4, dtype=np.float32)], [1, 1], ["a", "b"])
    assert raised.value.field == "b"


def test_calibrated_scores_are_logits_of_the_labels() -> None:
    random = np.random.default_rng(0)
    logits = random.normal(0.5, 2.0, 20_000)
    relevant = random.random(20_000) < 1 / (1 + np.exp(-logits))
    cosines = (0.8 + 0.02 * logits).astype(np.float32)
    found = calibrate(cosines, relevant, "file")
    np.testing.assert_allclose(found, logits, atol=0.25)


def test_classes_that_the_scores_divide_stay_finite() -> None:
    scores = np.arange(10, dtype=np.float32)
    found = calibrate(scores, scores > 4, "file")
    assert np.isfinite(found).all()
    assert (np.diff(found) > 0).all()
    assert (found > 0).tolist() == (scores > 4).tolist()


def test_what_cannot_be_calibrated_is_refused() -> None:
    scores = np.arange(10, dtype=np.float32)
    with pytest.raises(SetUpError, match="one class"):
        calibrate(scores, np.ones(10, dtype=bool), "file")
    with pytest.raises(SetUpError, match="do not grow"):
        calibrate(scores, scores < 5, "file")
