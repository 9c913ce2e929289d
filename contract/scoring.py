# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Turns a ranker's logits into scores, and either into an order: the only place for both.

A bundle's manifest names its score function, and perhaps a calibration of it, so that training,
export, the service and the tensor clients give the same scores. Titles are ordered by the margin of
their logits, which still differs where the score is 1.0 for all of them: a float64 holds
1 - sigmoid(x) up to x = 36 only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable, Optional, Union

import numpy as np
from numpy.typing import NDArray

from contract.errors import BundleError, InferenceFailed

Logits = NDArray[np.floating[Any]]
FloatArray = NDArray[np.float64]
# a float64's sigmoid is 1.0 from here on
MOST_LOGIT = 36.0
# margins to probabilities: contract.calibration has them
Calibrate = Callable[[FloatArray], FloatArray]


def sigmoid(margins: FloatArray) -> FloatArray:
    """1 / (1 + exp(-x)), without overflow for large negative x."""
    e = np.exp(-np.abs(margins))
    return np.where(margins >= 0, 1.0 / (1.0 + e), e / (1.0 + e))


def log_odds(scores: Union[Sequence[float], FloatArray]) -> FloatArray:
    """The inverse of the sigmoid: what stands for logits of a graph that ends in it.

    Args:
        scores: ``[N]`` in [0, 1].

    Returns:
        ``[N]``, at most :data:`MOST_LOGIT` away from 0.
    """
    p = np.asarray(scores, dtype=np.float64)
    with np.errstate(divide="ignore"):
        odds: FloatArray = np.log(p) - np.log1p(-p)
    return odds.clip(-MOST_LOGIT, MOST_LOGIT)


def _identity(margins: FloatArray) -> FloatArray:
    return margins


def _only(logits: FloatArray) -> FloatArray:
    return logits[:, 0]


def _second_less_first(logits: FloatArray) -> FloatArray:
    """softmax(logits)[1] is the sigmoid of this. Per row, never over the batch."""
    return logits[:, 1] - logits[:, 0]


class ScoreFunction:
    """A named map from logits ``[N, width]`` to scores ``[N]`` in [0, 1].

    Attributes:
        name: the manifest's.
        width: logits of a pair.
        has_logits: whether :meth:`margins` are logits; a graph that ends in the sigmoid, as older
            exports do, gives scores alone.
        calibration: instead of the sigmoid, or ``None``.
    """

    def __init__(
        self,
        name: str,
        width: int,
        margin: Callable[[FloatArray], FloatArray],
        score: Callable[[FloatArray], FloatArray],
        *,
        has_logits: bool = True,
        calibration: Optional[Calibrate] = None,
    ) -> None:
        """Bind the two steps: logits to margins, margins to scores."""
        self.name = name
        self.width = width
        self.has_logits = has_logits
        self.calibration = calibration
        self._margin = margin
        self._score = score

    def calibrated(self, calibration: Optional[Calibrate]) -> ScoreFunction:
        """The same function of logits, whose scores are those of a calibration."""
        return ScoreFunction(
            self.name,
            self.width,
            self._margin,
            self._score,
            has_logits=self.has_logits,
            calibration=calibration,
        )

    def __call__(self, logits: Logits) -> FloatArray:
        """Score every row on its own.

        Args:
            logits: ``[N, width]``.

        Returns:
            ``[N]`` float64; larger is more relevant. Pairs are ordered by :meth:`margins`.

        Raises:
            BundleError: the array has another width than this function takes.
            InferenceFailed: a logit is NaN or infinite.
        """
        return self.of_margins(self.margins(logits))

    def of_margins(self, margins: FloatArray) -> FloatArray:
        """Scores of what :meth:`margins` returned."""
        return self.calibration(margins) if self.calibration else self._score(margins)

    def uncalibrated(self, margins: FloatArray) -> FloatArray:
        """What :meth:`of_margins` is without a calibration; golden pairs have these."""
        return self._score(margins)

    def margins(self, logits: Logits) -> FloatArray:
        """What the score grows with: the only logit, or the second less the first.

        Args:
            logits: ``[N, width]``.

        Returns:
            ``[N]`` float64. They order the pairs, also where all scores are 1.0.

        Raises:
            BundleError: the array has another width than this function takes.
            InferenceFailed: a logit is NaN or infinite.
        """
        if logits.ndim != 2 or logits.shape[1] != self.width:
            raise BundleError(
                f"score function {self.name!r} takes logits of shape [N, {self.width}], "
                f"the graph returned {list(logits.shape)}",
                field="score_function",
            )
        finite = np.isfinite(logits).all(axis=1)
        if not finite.all():
            raise InferenceFailed(
                f"the graph returns NaN or infinity for {np.count_nonzero(~finite)} of "
                f"{len(finite)} rows; run it in fp32, or export a checkpoint that did not diverge",
                field="logits",
            )
        return self._margin(logits.astype(np.float64))


SCORE_FUNCTIONS: dict[str, ScoreFunction] = {
    "sigmoid": ScoreFunction("sigmoid", 1, _only, sigmoid),
    "softmax_positive": ScoreFunction("softmax_positive", 2, _second_less_first, sigmoid),
    # of older exports, whose graph ends in the sigmoid already
    "identity": ScoreFunction("identity", 1, _only, _identity, has_logits=False),
}


def rank_order(
    values: Union[Sequence[float], FloatArray], top_n: Optional[int] = None
) -> list[int]:
    """Indices of the inputs from best to worst; equal values keep their input order.

    Args:
        values: one per document, in input order: margins of logits, or scores where there are
            no logits.
        top_n: keep only the best ``top_n``; ``None`` keeps all.
    """
    order = np.argsort(-np.asarray(values, dtype=np.float64), kind="stable")
    return [int(i) for i in order[:top_n]]


def share_holders(logits: Union[Sequence[float], FloatArray], share: float) -> int:
    """How many of the best together hold a share of the softmax of all logits; at least one.

    Args:
        logits: ``[n]``, best first.
        share: above 0 and below 1.
    """
    values = np.asarray(logits, dtype=np.float64)
    masses = np.exp(values - values.max())
    held = np.cumsum(masses) / masses.sum()
    # rounding may leave even the whole sum below the share
    return min(int(np.searchsorted(held, share)) + 1, len(values))
