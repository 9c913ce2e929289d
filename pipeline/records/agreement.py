# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""How far two rankers' scores of the same documents agree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from contract.scoring import rank_order

_TOP = 10


class Agreement(NamedTuple):
    """The fields of these names of a :class:`~contract.experiments.records.ShadowComparison`."""

    kendall_tau: float
    top1_same: int
    top10_overlap: float
    score_difference: float
    score_distance: float


def agreement(answered: Sequence[float], shadow: Sequence[float]) -> Agreement:
    """Compare the scores of one request.

    Args:
        answered: by document, of who answered.
        shadow: by document, of the other.
    """
    first, second = rank_order(list(answered), _TOP), rank_order(list(shadow), _TOP)
    difference = np.asarray(shadow, dtype=np.float64) - np.asarray(answered, dtype=np.float64)
    return Agreement(
        kendall_tau_b(answered, shadow),
        int(first[0] == second[0]),
        len(set(first) & set(second)) / len(first),
        float(difference.mean()),
        float(np.abs(difference).mean()),
    )


def kendall_tau_b(a: Sequence[float], b: Sequence[float]) -> float:
    """Kendall's tau-b: pairs in the same order less those in another, ties taken out of both.

    Two lists without any order to compare, such as of one document, agree: 1.
    """
    signs = [np.sign(np.subtract.outer(np.asarray(x, float), np.asarray(x, float))) for x in (a, b)]
    untied = [float(np.abs(s).sum()) for s in signs]
    if untied[0] == 0 or untied[1] == 0:
        return float(untied == [0.0, 0.0])
    return float((signs[0] * signs[1]).sum() / (untied[0] * untied[1]) ** 0.5)
