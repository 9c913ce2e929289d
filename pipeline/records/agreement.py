# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""How far two rankers' orders and scores of the same documents agree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Optional

import numpy as np

from contract.scoring import rank_order
from contract.wire.response import Ranking

_TOP = 10


class Agreement(NamedTuple):
    """The fields of these names of a :class:`~contract.experiments.records.ShadowComparison`."""

    kendall_tau: float
    top1_same: int
    top10_overlap: float
    score_difference: Optional[float]
    score_distance: Optional[float]
    incomplete: int


def agreement(answered: Ranking, shadow: Ranking) -> Agreement:
    """Compare the answers to one request.

    Args:
        answered: of who answered; all documents, whatever ``order`` was cut to.
        shadow: of the other.
    """
    orders = answered.ordered_by, shadow.ordered_by
    first, second = (rank_order(values, _TOP) for values in orders)
    of_cascades = [one.staged for one in (answered, shadow) if one.staged is not None]
    mean, distance = (None, None) if of_cascades else _differences(answered, shadow)
    return Agreement(
        kendall_tau_b(*orders),
        int(first[0] == second[0]),
        len(set(first) & set(second)) / len(first),
        mean,
        distance,
        int(any(run.dropped for staged in of_cascades for run in staged.runs)),
    )


def _differences(answered: Ranking, shadow: Ranking) -> tuple[float, float]:
    """Mean difference of the scores, and mean absolute difference."""
    difference = np.asarray(shadow.scores) - np.asarray(answered.scores)
    return float(difference.mean()), float(np.abs(difference).mean())


def kendall_tau_b(a: Sequence[float], b: Sequence[float]) -> float:
    """Kendall's tau-b: pairs in the same order less those in another, ties taken out of both.

    Two lists without any order to compare, such as of one document, agree: 1.
    """
    signs = [np.sign(np.subtract.outer(np.asarray(x, float), np.asarray(x, float))) for x in (a, b)]
    untied = [float(np.abs(s).sum()) for s in signs]
    if untied[0] == 0 or untied[1] == 0:
        return float(untied == [0.0, 0.0])
    return float((signs[0] * signs[1]).sum() / (untied[0] * untied[1]) ** 0.5)
