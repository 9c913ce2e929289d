# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Bring the scores of several teachers to one scale, and any scores to those of the labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from contract.errors import SetUpError
from train.teachers.teacher import FloatArray

_MOST_STEPS = 100
_CONVERGED = 1e-9


def mix(
    columns: Sequence[FloatArray], weights: Sequence[float], names: Sequence[str]
) -> FloatArray:
    """The weighted mean of standardised scores, in the scale of the first teacher.

    Each teacher's scores get mean 0 and deviation 1 over the file before they are averaged; the
    mean gets the first teacher's mean and deviation. One teacher's scores come out as they are.

    Args:
        columns: scores ``[rows]`` of each teacher.
        weights: of the teachers, above 0.
        names: of the teachers, for errors.

    Raises:
        SetUpError: one teacher gives all rows the same score.
    """
    if len(columns) == 1:
        return columns[0]
    wide = [np.asarray(column, dtype=np.float64) for column in columns]
    flat = [name for name, column in zip(names, wide) if not column.std() > 0]
    if flat:
        raise SetUpError("gives all rows one score, and so teaches nothing", field=flat[0])
    total = sum(weights)
    mean = sum(
        weight / total * (column - column.mean()) / column.std()
        for weight, column in zip(weights, wide)
    )
    return np.asarray(wide[0].mean() + wide[0].std() * mean, dtype=np.float32)


def calibrate(scores: FloatArray, relevant: NDArray[np.bool_], where: str) -> FloatArray:
    """Logits whose sigmoids fit the labels: ``a * score + b`` by logistic regression.

    The targets are Platt's (1999, "Probabilistic outputs for support vector machines"), which keep
    ``a`` finite where the scores divide the classes without a fault. For scores that are no logits,
    such as cosines, which a loss that takes their sigmoid could not learn from.

    Args:
        scores: ``[rows]``.
        relevant: of the rows.
        where: the file, for errors.

    Raises:
        SetUpError: all rows are of one class, or the scores do not grow with relevance.
    """
    positives = int(relevant.sum())
    negatives = len(relevant) - positives
    if not positives or not negatives:
        raise SetUpError("has rows of one class only, so nothing can be calibrated", field=where)
    values = np.asarray(scores, dtype=np.float64)
    centre, spread = values.mean(), values.std() or 1.0
    x = (values - centre) / spread
    targets = np.where(relevant, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    a, b = _logistic(x, targets)
    if not a > 0:
        raise SetUpError(
            "the teacher's scores do not grow with the labels; it knows less than nothing of them",
            field=where,
        )
    return (a * x + b).astype(np.float32)


def _logistic(x: NDArray[np.float64], targets: NDArray[np.float64]) -> tuple[float, float]:
    """Slope and intercept of least cross entropy, by Newton's method from 0."""
    design = np.stack([x, np.ones_like(x)])
    weights = np.zeros(2)
    for _ in range(_MOST_STEPS):
        p = 1.0 / (1.0 + np.exp(-np.clip(weights @ design, -500, 500)))
        curvature = (design * (p * (1 - p))) @ design.T + 1e-9 * np.eye(2)
        step = np.linalg.solve(curvature, design @ (targets - p))
        # a full step may leave the region in which the curvature is right
        weights += step * min(1.0, 2.0 / max(np.abs(step).max(), 1e-30))
        if np.abs(step).max() < _CONVERGED:
            break
    return float(weights[0]), float(weights[1])
