# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Turns a ranker's logits into scores, and scores into an order: the only place for either.

A bundle's manifest names its score function, so that training, export, the service and the tensor
clients give the same scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable, Optional

import numpy as np
from numpy.typing import NDArray

from contract.errors import BundleError

FloatArray = NDArray[np.float32]


def _sigmoid(logits: NDArray[np.floating]) -> FloatArray:
    """1 / (1 + exp(-x)) of the only column, without overflow for large negative x."""
    x = logits[:, 0].astype(np.float64)
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0 / (1.0 + e), e / (1.0 + e)).astype(np.float32)


def _softmax_positive(logits: FloatArray) -> FloatArray:
    """softmax(logits)[1] per row = sigmoid(logit1 - logit0). Never over the batch."""
    difference = logits[:, 1:2].astype(np.float64) - logits[:, 0:1].astype(np.float64)
    return _sigmoid(difference)


def _identity(scores: FloatArray) -> FloatArray:
    """For bundles of older exports whose graph ends in the sigmoid already."""
    return scores[:, 0].astype(np.float32)


class ScoreFunction:
    """A named map from logits ``[N, width]`` to scores ``[N]`` in [0, 1]."""

    def __init__(self, name: str, width: int, function: Callable[[FloatArray], FloatArray]) -> None:
        """Bind the manifest's name, the number of logits per pair, and the map."""
        self.name = name
        self.width = width
        self._function = function

    def __call__(self, logits: FloatArray) -> FloatArray:
        """Score every row on its own.

        Args:
            logits: ``[N, width]`` float32.

        Returns:
            ``[N]`` float32; larger is more relevant.

        Raises:
            BundleError: the array has another width than this function takes.
        """
        if logits.ndim != 2 or logits.shape[1] != self.width:
            raise BundleError(
                f"score function {self.name!r} takes logits of shape [N, {self.width}], "
                f"the graph returned {list(logits.shape)}",
                field="score_function",
            )
        return self._function(logits)


SCORE_FUNCTIONS: dict[str, ScoreFunction] = {
    "sigmoid": ScoreFunction("sigmoid", 1, _sigmoid),
    "softmax_positive": ScoreFunction("softmax_positive", 2, _softmax_positive),
    "identity": ScoreFunction("identity", 1, _identity),
}


def rank_order(scores: Sequence[float], top_n: Optional[int] = None) -> list[int]:
    """Indices of the inputs from best to worst; equal scores keep their input order.

    Args:
        scores: one score per document, in input order.
        top_n: keep only the best ``top_n``; ``None`` keeps all.
    """
    order = np.argsort(-np.asarray(scores, dtype=np.float64), kind="stable")
    return [int(i) for i in order[:top_n]]
