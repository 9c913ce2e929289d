# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A drafted list holds every document once, is fair to both orders, and repeats for its seed."""

from __future__ import annotations

import random
from collections import Counter

from contract.experiments.interleaving import team_draft


def test_it_holds_every_document_once_and_teams_are_even() -> None:
    random.seed(1)
    for size in range(1, 40):
        orders = [random.sample(range(size), size) for _ in range(2)]
        drafted, teams = team_draft(orders, f"request-{size}", size)
        assert sorted(drafted) == list(range(size))
        assert abs(teams.count(0) - teams.count(1)) <= 1


def test_each_pick_is_the_best_that_its_order_has_left() -> None:
    random.seed(2)
    for trial in range(200):
        orders = [random.sample(range(12), 12) for _ in range(2)]
        drafted, teams = team_draft(orders, str(trial), 12)
        for place, (document, team) in enumerate(zip(drafted, teams)):
            left = [d for d in orders[team] if d not in drafted[:place]]
            assert document == left[0]


def test_who_picks_first_in_a_round_is_a_fair_coin() -> None:
    orders = [list(range(10)), list(reversed(range(10)))]
    first = Counter(
        team_draft(orders, f"r{i}", 10)[1][place] for i in range(4000) for place in (0, 4)
    )
    assert abs(first[0] - first[1]) < 4 * 8000**0.5


def test_identical_orders_come_out_unchanged() -> None:
    order = [3, 1, 2, 0]
    assert team_draft([order, order], "x", 4)[0] == order


def test_a_seed_repeats_and_a_cut_is_a_beginning() -> None:
    orders = [list(range(20)), random.Random(3).sample(range(20), 20)]
    whole = team_draft(orders, "seed", 20)
    assert team_draft(orders, "seed", 20) == whole
    assert team_draft(orders, "seed", 7) == (whole[0][:7], whole[1][:7])
    assert team_draft(orders, "seed", 99) == whole
