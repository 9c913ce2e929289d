# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""R-Drop: two passes of the same rows, each with its own dropout, should agree."""

from __future__ import annotations

from typing import Any

import paddle.nn.functional as F
from paddle import Tensor

from train.training.losses.lists import margins_of
from train.training.objective import Loss, Objective


def disagreement(first: Tensor, second: Tensor) -> Tensor:
    """``(KL(p || q) + KL(q || p)) / 2``, mean over the rows.

    Of two distributions over relevant and not, with ``a`` and ``b`` the logits of relevant, it is
    ``(sigmoid(a) - sigmoid(b)) * (a - b) / 2``, which cannot overflow.

    Args:
        first: logits ``[N, 1]`` or ``[N, 2]``.
        second: of the same rows.
    """
    a, b = margins_of(first), margins_of(second)
    return 0.5 * ((F.sigmoid(a) - F.sigmoid(b)) * (a - b)).mean()


def rdrop_loss(objective: Objective, model: Any, rows: Any, weight: float) -> Loss:
    """The mean loss of both passes, and ``weight`` times their disagreement.

    Liang et al. (2021), "R-Drop: Regularized Dropout for Neural Networks"; they sum both losses, so
    that their alpha is twice ``weight``. The figures are those of the first pass.
    """
    seen: list[Tensor] = []

    def recorded(*inputs: Tensor) -> Tensor:
        seen.append(model(*inputs))
        return seen[-1]

    first = objective.loss(recorded, rows)
    passes = len(seen)
    second = objective.loss(recorded, rows)
    apart = [disagreement(a, b) for a, b in zip(seen[:passes], seen[passes:])]
    value = (first.value + second.value) / 2.0 + weight * sum(apart) / len(apart)
    return first._replace(value=value)
