# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Two rankers on the same scored lists: their orders, their NDCG, and which one is better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from contract.list_metrics import Places, ndcg
from contract.scoring import rank_order
from experiments.lists.scored_lists import ScoredList

FloatArray = NDArray[np.float64]

DEGRADED = "degraded"
_Z = 1.959964


@dataclass(frozen=True)
class Duel:
    """Two rankers on the same lists.

    Attributes:
        better: name of the ranker with the higher NDCG@10.
        worse: name of the other one.
        grades: of each list's documents.
        orders: of each list, of the better ranker and of the other one; documents of equal scores
            are in one random order for both.
        better_ndcg: mean NDCG@10.
        worse_ndcg: mean NDCG@10.
        difference: mean over lists, and its 95 % interval.
        bundles: versions by ranker, where known.
    """

    better: str
    worse: str
    grades: tuple[tuple[int, ...], ...]
    orders: tuple[tuple[list[int], list[int]], ...]
    better_ndcg: float
    worse_ndcg: float
    difference: tuple[float, float, float]
    bundles: Mapping[str, str]

    @property
    def lists(self) -> int:
        """How many lists there are."""
        return len(self.grades)

    @classmethod
    def of(cls, lists: Sequence[ScoredList], one: str, other: str) -> Duel:
        """Order the documents of every list by both rankers, and see which one is better."""
        quality = {name: _ndcgs(lists, name) for name in (one, other)}
        better, worse = sorted((one, other), key=lambda name: -quality[name].mean())
        apart = quality[better] - quality[worse]
        half = _Z * apart.std(ddof=1) / np.sqrt(len(apart)) if len(apart) > 1 else np.inf
        mean = float(apart.mean())
        return cls(
            better,
            worse,
            tuple(scored.labels for scored in lists),
            tuple(zip(_orders(lists, better), _orders(lists, worse))),
            float(quality[better].mean()),
            float(quality[worse].mean()),
            (mean, float(mean - half), float(mean + half)),
            lists[0].bundles,
        )


def degraded(lists: Sequence[ScoredList], ranker: str, sigma: float, seed: int) -> list[ScoredList]:
    """Add a ranker :data:`DEGRADED`: this one's scores, with noise, and no logits.

    Args:
        lists: with scores of ``ranker``.
        ranker: which to degrade.
        sigma: standard deviation of the noise over that of the list's scores.
        seed: of the noise.
    """
    rng = np.random.default_rng(seed)
    noisy = []
    for scored in lists:
        scores = np.asarray(scored.scores[ranker])
        worse = scores + sigma * scores.std() * rng.standard_normal(len(scores))
        noisy.append(replace(scored, scores={**scored.scores, DEGRADED: tuple(worse.tolist())}))
    return noisy


def _ndcgs(lists: Sequence[ScoredList], ranker: str) -> FloatArray:
    values = [ndcg(Places.of_scores(scored.ordered_by(ranker)), scored.labels) for scored in lists]
    return np.array(values, dtype=np.float64)


def _orders(lists: Sequence[ScoredList], ranker: str) -> list[list[int]]:
    """What readers are shown: a file that has the relevant documents first rewards no ties."""
    orders = []
    for number, scored in enumerate(lists):
        sent = np.random.default_rng(number).permutation(len(scored.labels))
        ranked = rank_order(np.asarray(scored.ordered_by(ranker))[sent].tolist())
        orders.append([int(sent[place]) for place in ranked])
    return orders
