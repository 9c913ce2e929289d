# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Batches: rows within the token budget, of like length, in the order of their requests."""

from __future__ import annotations

import random
import time
from itertools import chain
from typing import Optional

import pytest

from pipeline.batching.batch_cost import BatchCost
from pipeline.batching.job import Job, WantedRow
from pipeline.batching.queue import WaitingRows
from tests.pipeline.batching.row_engine import row

BUDGET = 512


def add(waiting: WaitingRows, *lengths: int, due: Optional[float] = None) -> Job:
    job = Job(len(lengths), time.monotonic(), None)
    for place, length in enumerate(lengths):
        work = WantedRow(b"%d" % place, row(*range(1, length + 1)))
        work.takers.append((job, place))
        job.works.append(work)
    waiting.add(job, len(lengths), due)
    return job


def drain(waiting: WaitingRows, overhead: float = 32.0, workers: int = 1) -> list[list[int]]:
    """Lengths of the rows of every batch."""
    batches = []
    while waiting.rows:
        batches.append([work.length for work in waiting.next_batch(workers, overhead)])
    return batches


@pytest.mark.parametrize("multiple", [1, 8])
@pytest.mark.parametrize("requests", [1, 4, 16])
def test_batches_stay_within_the_budget_and_the_bound_of_padding(
    requests: int, multiple: int
) -> None:
    chance = random.Random(0)
    waiting = WaitingRows(BUDGET, 0.1, multiple)
    lengths = [[chance.randint(10, 128) for _ in range(50)] for _ in range(requests)]
    for some in lengths:
        add(waiting, *some)
    batches = drain(waiting)
    assert sorted(chain(*batches)) == sorted(chain(*lengths))
    for batch in batches:
        padded = len(batch) * -(-max(batch) // multiple) * multiple
        assert padded <= BUDGET
        assert padded - sum(batch) <= max(0.1 * padded, 32.0, multiple)


def test_a_row_longer_than_the_budget_runs_alone() -> None:
    waiting = WaitingRows(8, 0.1)
    add(waiting, 20, 10)
    assert drain(waiting) == [[20], [10]]


def test_where_a_call_is_dear_rows_of_different_length_go_together() -> None:
    for overhead, batches in ((32.0, [[60], [20, 20, 20]]), (512.0, [[60, 20, 20, 20]])):
        waiting = WaitingRows(BUDGET, 0.1)
        add(waiting, 20, 60, 20, 20)
        assert drain(waiting, overhead) == batches


def test_rows_of_like_length_of_other_jobs_fill_a_batch() -> None:
    waiting = WaitingRows(40, 0.1)
    add(waiting, 10, 10)
    add(waiting, 10, 90)
    add(waiting, 10)
    assert drain(waiting)[0] == [10, 10, 10, 10]


def test_free_workers_share_what_waits() -> None:
    waiting = WaitingRows(10_000, 0.1)
    add(waiting, *[10] * 60)
    first = waiting.next_batch(3, 32.0)
    assert len(first) == 20
    assert len(waiting.next_batch(2, 32.0)) == 20
    assert len(waiting.next_batch(1, 32.0)) == 20


def test_a_small_job_is_not_split() -> None:
    waiting = WaitingRows(10_000, 0.1)
    add(waiting, *[10] * 6)
    assert len(waiting.next_batch(4, 32.0)) == 6


def test_a_job_near_its_deadline_goes_first_and_one_with_time_keeps_its_place() -> None:
    waiting = WaitingRows(20, 0.0)
    add(waiting, 20)
    add(waiting, 19, due=5.0)
    add(waiting, 18, due=1e9)
    assert drain(waiting, 0.0) == [[19], [18], [20]]


def test_what_nobody_waits_for_leaves() -> None:
    waiting = WaitingRows(BUDGET, 0.1)
    job = add(waiting, 10, 20)
    kept = add(waiting, 5)
    assert [work.length for work in waiting.drop(job)] == [20, 10]
    assert (waiting.rows, waiting.tokens) == (1, 5)
    assert [work.takers[0][0] for work in waiting.next_batch(1, 32.0)] == [kept]
    assert waiting.next_batch(1, 32.0) == []


def test_the_cost_of_a_call_is_learnt_from_batches() -> None:
    cost = BatchCost()
    assert cost.overhead_tokens == 64.0
    assert cost.tokens_per_s == 0.0
    for tokens in (100, 400, 1000, 2000) * 10:
        cost.observe(tokens, (200 + tokens) * 1e-5)
    assert cost.overhead_tokens == pytest.approx(200, rel=0.01)
    for tokens in (100, 400, 1000, 2000) * 100:
        cost.observe(tokens, (90 + tokens) * 2e-5)
    assert cost.overhead_tokens == pytest.approx(90, rel=0.05)


def test_batches_of_one_size_teach_nothing_about_a_call() -> None:
    cost = BatchCost()
    for _ in range(100):
        cost.observe(500, 0.01)
    assert cost.overhead_tokens == 64.0
    assert cost.tokens_per_s == pytest.approx(50_000)
