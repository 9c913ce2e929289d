# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""NDCG@10: how good an order of graded documents is."""

from __future__ import annotations

from collections.abc import Sequence
from math import log2

CUTOFF = 10


def ndcg(order: Sequence[int], grades: Sequence[int]) -> float:
    """NDCG@10 of an order of documents, with the linear gain of ``train.evaluation.metrics``.

    Args:
        order: indices of documents, best first. The ideal is that of all documents, so an order
            that was cut short loses what it left out.
        grades: of all documents.
    """
    ideal = _dcg(sorted(grades, reverse=True))
    return _dcg([grades[index] for index in order]) / ideal if ideal else 0.0


def _dcg(grades: Sequence[int]) -> float:
    return sum(grade / log2(place + 2) for place, grade in enumerate(grades[:CUTOFF]))
