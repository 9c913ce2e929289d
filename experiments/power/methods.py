# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""How many queries a split and interleaving need, for two rankers and one click model.

A split gives each query to one ranker and compares a metric of clicks. Interleaving shows one
drafted list, as the service does, and the ranker whose documents get more clicks wins the query.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable

import numpy as np

from contract.experiments.interleaving import team_draft
from experiments.power.queries_needed import Needed, by_sign_test, by_split
from experiments.power.ranker_pairs import Duel
from experiments.readers.click_model import DEPTH, ClickModel
from experiments.readers.click_probabilities import (
    NO_DOCUMENT,
    FloatArray,
    IntArray,
    click_difference,
    first_click,
)

RECIPROCAL_RANK, ANY_CLICK, CLICKS = "split: MRR", "split: any click", "split: clicks"
INTERLEAVING = "interleaving"
METHODS = (RECIPROCAL_RANK, ANY_CLICK, CLICKS, INTERLEAVING)


def queries_needed(
    duel: Duel, model: ClickModel, drafts: int, runs: int, seed: int
) -> dict[str, Needed]:
    """The queries that each method needs, by its name.

    Args:
        duel: the rankers.
        model: the readers.
        drafts: interleavings made of each list.
        runs: experiments simulated at each size.
        seed: of the drafts and of the experiments.
    """
    better, worse = (_shown(duel, [orders[i] for orders in duel.orders]) for i in (0, 1))
    rng = np.random.default_rng(seed)
    found = {}
    for method, (values, probabilities) in _METRICS.items():
        ours, theirs = probabilities(better, model), probabilities(worse, model)
        found[method] = by_split(values, ours, theirs, rng, runs)
    found[INTERLEAVING] = by_sign_test(wins(duel, model, drafts, seed), rng, runs)
    return found


def wins(duel: Duel, model: ClickModel, drafts: int, seed: int) -> FloatArray:
    """Probabilities that the better ranker wins an interleaved query, loses it, or ties."""
    made = [
        team_draft(orders, f"{seed}/{number}/{draft}", DEPTH)
        for number, orders in enumerate(duel.orders)
        for draft in range(drafts)
    ]
    numbers = [number for number in range(duel.lists) for _ in range(drafts)]
    shown = _shown(duel, [order for order, _ in made], numbers)
    teams = np.zeros_like(shown)
    for row, (_, picked) in zip(teams, made):
        row[: len(picked)] = picked
    difference = click_difference(shown, teams, model)
    won, lost = difference[DEPTH + 1 :].sum(), difference[:DEPTH].sum()
    return np.array([won, lost, difference[DEPTH]])


def _shown(duel: Duel, orders: Sequence[Sequence[int]], numbers: Sequence[int] = ()) -> IntArray:
    """Grades ``[orders, depth]`` of what is shown; ``numbers`` says of which list each is."""
    shown = np.full((len(orders), DEPTH), NO_DOCUMENT, np.int64)
    for row, order, number in zip(shown, orders, numbers or range(len(orders))):
        top = [duel.grades[number][document] for document in order[:DEPTH]]
        row[: len(top)] = top
    return shown


def _any_click(shown: IntArray, model: ClickModel) -> FloatArray:
    none = first_click(shown, model)[-1]
    return np.array([none, 1.0 - none])


def _click_counts(shown: IntArray, model: ClickModel) -> FloatArray:
    return click_difference(shown, np.zeros_like(shown), model)[DEPTH:]


# of each metric, what a query's value can be, and how probable that is for lists shown to a reader
_METRICS: dict[str, tuple[FloatArray, Callable[[IntArray, ClickModel], FloatArray]]] = {
    RECIPROCAL_RANK: (np.append(1.0 / np.arange(1, DEPTH + 1), 0.0), first_click),
    ANY_CLICK: (np.array([0.0, 1.0]), _any_click),
    CLICKS: (np.arange(DEPTH + 1.0), _click_counts),
}
