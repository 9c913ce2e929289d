# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Fit the map from logits to probabilities on graded rows that training has not seen."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np
from numpy.typing import NDArray

from contract.calibration import ISOTONIC, PLATT, TEMPERATURE, Calibration
from contract.errors import SetUpError
from contract.scoring import sigmoid

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]

# two parameters need few rows; isotonic regression follows the noise of fewer than some thousand
# (Niculescu-Mizil and Caruana, ICML 2005, "Predicting Good Probabilities With Supervised Learning")
LEAST_ROWS = {TEMPERATURE: 100, PLATT: 100, ISOTONIC: 1000}
_LEAST_OF_A_CLASS = 10
_FOLDS = 5
_NEWTON_STEPS = 100


def check_rows(method: str, relevant: BoolArray, field: str) -> None:
    """Refuse rows that would fit anything.

    Raises:
        SetUpError: there are too few, in all or of relevant or irrelevant ones.
    """
    count, of_relevant = len(relevant), int(relevant.sum())
    if count < LEAST_ROWS[method]:
        raise SetUpError(
            f"{method} needs {LEAST_ROWS[method]} rows, and there are {count}; name more lists"
            + (f", or take --method {PLATT}" if count >= LEAST_ROWS[PLATT] else ""),
            field=field,
        )
    for kind, found in (("relevant", of_relevant), ("irrelevant", count - of_relevant)):
        if found < _LEAST_OF_A_CLASS:
            raise SetUpError(
                f"{found} of {count} rows are {kind}, and {_LEAST_OF_A_CLASS} are needed at least; "
                "name lists that have both kinds",
                field=field,
            )


def fit(method: str, margins: FloatArray, relevant: BoolArray) -> dict[str, Any]:
    """The parameters of a calibration.

    Args:
        method: of :data:`contract.calibration.METHODS`.
        margins: of logits, ``[rows]``.
        relevant: ``[rows]``, rows of both classes.

    Raises:
        SetUpError: relevant rows have no higher logits than others, or are told from them without
            an error, which has no best temperature.
    """
    return _FITS[method](np.asarray(margins, dtype=np.float64), np.asarray(relevant, dtype=bool))


def fit_temperature(margins: FloatArray, relevant: BoolArray) -> dict[str, Any]:
    """The temperature of least cross entropy (Guo et al., ICML 2017).

    Its slope in 1 / temperature rises, so that halving finds where it is 0.
    """

    def slope(inverse: float) -> float:
        return float(((sigmoid(inverse * margins) - relevant) * margins).mean())

    if slope(0.0) >= 0:
        raise _no_better()
    if (np.where(relevant, margins, -margins) >= 0).all():
        raise SetUpError(
            "the logits tell all rows rightly, which has no best temperature; name more lists, or "
            f"take --method {PLATT}",
            field="method",
        )
    low, high = 0.0, 1.0
    while slope(high) < 0:
        low, high = high, high * 2
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return {"temperature": 2.0 / (low + high)}


def fit_platt(margins: FloatArray, relevant: BoolArray) -> dict[str, Any]:
    """Slope and intercept by Newton's method (Platt, 1999; Lin, Lin and Weng, 2007).

    Platt's targets lie within 0 and 1, so that there is a best slope for any rows.
    """
    positives = float(relevant.sum())
    negatives = len(relevant) - positives
    targets = np.where(relevant, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    # of a standard scale, on which Newton's steps are well-behaved
    centre, scale = float(margins.mean()), float(margins.std()) or 1.0
    x = np.stack([(margins - centre) / scale, np.ones_like(margins)], axis=1)
    weights = np.array([0.0, np.log((positives + 1) / (negatives + 1))])
    for _ in range(_NEWTON_STEPS):
        step = _newton_step(x, targets, weights)
        weights = weights + step
        if np.abs(step).max() < 1e-12:
            break
    if weights[0] <= 0:
        raise _no_better()
    slope = weights[0] / scale
    return {"slope": float(slope), "intercept": float(weights[1] - slope * centre)}


def _newton_step(x: FloatArray, targets: FloatArray, weights: FloatArray) -> FloatArray:
    """A step that lowers the cross entropy, shortened where a whole one does not."""

    def loss(of: FloatArray) -> float:
        z = x @ of
        return float((np.logaddexp(0.0, z) - targets * z).sum())

    p = sigmoid(x @ weights)
    gradient = x.T @ (p - targets)
    hessian = (x.T * (p * (1 - p))) @ x + 1e-12 * np.eye(2)
    step: FloatArray = -np.linalg.solve(hessian, gradient)
    before = loss(weights)
    while loss(weights + step) > before and np.abs(step).max() > 1e-14:
        step = step / 2
    return step


def fit_isotonic(margins: FloatArray, relevant: BoolArray) -> dict[str, Any]:
    """Steps of least squared error that do not fall, by pooling adjacent violators.

    Ayer et al. (1955); of probabilities Zadrozny and Elkan (KDD 2002). Each step is level, and
    straight lines join them.
    """
    logits, place, counts = np.unique(margins, return_inverse=True, return_counts=True)
    means = np.bincount(place.reshape(-1), weights=relevant) / counts
    # of each step: its mean, its rows, and its first and last logit
    steps: list[list[float]] = []
    for logit, mean, count in zip(logits.tolist(), means.tolist(), counts.tolist()):
        steps.append([mean, count, logit, logit])
        while len(steps) > 1 and steps[-2][0] >= steps[-1][0]:
            mean, count, _, last = steps.pop()
            whole = steps[-1][1] + count
            steps[-1][0] = (steps[-1][0] * steps[-1][1] + mean * count) / whole
            steps[-1][1], steps[-1][3] = whole, last
    if len(steps) == 1:
        raise _no_better()
    knots = [(x, step[0]) for step in steps for x in dict.fromkeys(step[2:])]
    return {"logits": [x for x, _ in knots], "scores": [min(max(y, 0.0), 1.0) for _, y in knots]}


def _no_better() -> SetUpError:
    return SetUpError(
        "relevant rows have no higher logits than others, so nothing that keeps the order makes "
        "probabilities of them; train the ranker, or name lists of its own kind",
        field="method",
    )


_FITS: dict[str, Callable[[FloatArray, BoolArray], dict[str, Any]]] = {
    TEMPERATURE: fit_temperature,
    PLATT: fit_platt,
    ISOTONIC: fit_isotonic,
}


def cross_fitted(
    method: str, margins: FloatArray, relevant: BoolArray, lists: IntArray, seed: int
) -> FloatArray:
    """The probability of each row by a calibration that has not seen its list, ``[rows]``.

    Raises:
        SetUpError: see :func:`fit`, of rows that lack a fifth of the lists.
    """
    numbers = np.unique(lists)
    folds = np.random.default_rng(seed % 2**32).permutation(len(numbers)) % _FOLDS
    fold_of = folds[np.searchsorted(numbers, lists)]
    scores = np.empty(len(margins))
    for fold in np.unique(folds):
        held = fold_of == fold
        if held.all() or len(set(relevant[~held].tolist())) < 2:
            raise SetUpError(
                "all rows of a kind are in one list, so nothing can be held out to measure with; "
                "name more lists",
                field="lists",
            )
        parameters = fit(method, margins[~held], relevant[~held])
        scores[held] = Calibration(method, parameters, {})(margins[held])
    return scores
