# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Whole lists make up batches, and what is drawn of them is the epoch's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from contract.errors import SetUpError
from train.data.batches import EqualListPlan
from train.data.list_batches import ListPlan

DRAW = np.random.default_rng(0)
SIZES = DRAW.integers(1, 16, 300)
# rows of one list stand anywhere in the file
LISTS = DRAW.permutation(np.repeat(np.arange(300), SIZES))
GRADES = DRAW.choice(4, len(LISTS), p=[0.7, 0.1, 0.1, 0.1])
LENGTHS = DRAW.integers(5, 128, len(LISTS))


def plan(**changes: Any) -> ListPlan:
    settings = {"batch_size": 32, "seed": 3, "bucketing": True, **changes}
    return ListPlan(LISTS, GRADES, LENGTHS, **settings)


def rows_of(number: int) -> np.ndarray:
    return np.flatnonzero(number == LISTS)


def lists_in(epoch: list[list[np.ndarray]]) -> list[np.ndarray]:
    return [rows for batch in epoch for rows in batch]


@pytest.mark.parametrize("bucketing", [True, False])
def test_every_list_is_there_once_and_whole(bucketing: bool) -> None:
    found = {}
    for rows in lists_in(plan(bucketing=bucketing).epoch(1)):
        (number,) = set(LISTS[rows].tolist())
        assert number not in found
        found[number] = sorted(rows.tolist())
    assert found == {i: rows_of(i).tolist() for i in range(300)}


def test_rows_without_a_list_are_left_out() -> None:
    some = np.where(LISTS < 100, -1, LISTS)
    epoch = ListPlan(some, GRADES, LENGTHS, batch_size=32, seed=3, bucketing=True).epoch(1)
    assert sorted(np.concatenate(lists_in(epoch))) == np.flatnonzero(LISTS >= 100).tolist()


@pytest.mark.parametrize("processes", [1, 3])
def test_batches_are_filled_and_every_process_has_a_list(processes: int) -> None:
    epoch = plan(batch_size=16, processes=processes).epoch(1)
    rows = [sum(len(members) for members in batch) for batch in epoch]
    assert max(rows) <= 16 * processes
    # all but the last that was packed have no room for the longest list
    assert sum(count <= 16 * (processes - 1) for count in rows) <= 1
    assert sum(len(batch) < processes for batch in epoch) <= 1


def test_processes_are_dealt_like_shares() -> None:
    for batch in plan(batch_size=64, processes=2).epoch(1):
        shares = [sum(len(members) for members in batch[start::2]) for start in (0, 1)]
        assert abs(shares[0] - shares[1]) <= max(len(members) for members in batch)


@pytest.mark.parametrize("list_size", [2, 4, 7])
def test_better_titles_are_drawn_first_and_one_of_the_lowest_grade_stays(list_size: int) -> None:
    for rows in lists_in(plan(list_size=list_size).epoch(1)):
        everything = GRADES[rows_of(LISTS[rows[0]])]
        assert len(set(rows.tolist())) == len(rows) == min(list_size, len(everything))
        high, kept = everything > everything.min(), GRADES[rows] > everything.min()
        room = len(rows) if high.all() else len(rows) - 1
        assert kept.sum() == min(high.sum(), room)
        if len(set(everything.tolist())) > 1:
            assert len(set(GRADES[rows].tolist())) > 1


def test_each_epoch_draws_other_negatives_and_repeats_by_seed() -> None:
    def drawn(number: int, **changes: Any) -> set[tuple[int, ...]]:
        return {tuple(sorted(x)) for x in lists_in(plan(list_size=4, **changes).epoch(number))}

    assert drawn(1) == drawn(1)
    assert len(drawn(1) & drawn(2)) < 150
    assert len(drawn(1) & drawn(1, seed=4)) < 150
    seen = set().union(*(set(x) for number in range(1, 150) for x in drawn(number)))
    assert len(seen) == len(LISTS), "every title has its turn"


def test_steps_are_the_batches_of_all_epochs() -> None:
    lists = plan(list_size=5)
    assert len(lists) == len(lists.epoch(1))
    assert lists.steps(4) == sum(len(lists.epoch(number)) for number in range(1, 5))


def test_bucketing_saves_padding() -> None:
    def padding(bucketing: bool) -> float:
        batches = [np.concatenate(b) for b in plan(bucketing=bucketing, list_size=2).epoch(1)]
        return sum(LENGTHS[b].max() * len(b) - LENGTHS[b].sum() for b in batches) / len(batches)

    # a list is padded to its own longest row in any case
    assert padding(True) < 0.75 * padding(False)


def test_a_list_longer_than_a_batch_is_refused() -> None:
    with pytest.raises(SetUpError, match=r"batch_size.*15 titles.*batch 8 rows.*--list_size"):
        plan(batch_size=8)
    assert plan(batch_size=8, list_size=8).epoch(1)


def test_lists_of_one_length_are_batched_as_rows_are() -> None:
    members = np.arange(100).reshape(2, 50).T
    epoch = EqualListPlan(members, LENGTHS, 8, 3, True).epoch(2)
    assert sorted(np.concatenate(epoch)[:, 0].tolist()) == list(range(50))
    assert all((batch[:, 1] == batch[:, 0] + 50).all() for batch in epoch)
    assert EqualListPlan(members, LENGTHS, 8, 3, True).steps(5) == 5 * len(epoch) == 35
