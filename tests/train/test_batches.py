# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""An epoch is a permutation that its number and the seed decide."""

from __future__ import annotations

import numpy as np
import pytest

from train.data.batches import BatchPlan, sorted_batches

LENGTHS = np.random.default_rng(0).integers(5, 128, 1003)


@pytest.mark.parametrize("bucketing", [True, False])
def test_every_row_once_an_epoch(bucketing: bool) -> None:
    plan = BatchPlan(LENGTHS, 16, 3, bucketing)
    batches = plan.epoch(1)
    assert len(batches) == len(plan) == 63
    assert sorted(np.concatenate(batches).tolist()) == list(range(1003))
    assert sorted({len(batch) for batch in batches}) == [11, 16]


def test_epochs_differ_and_repeat() -> None:
    plan = BatchPlan(LENGTHS, 16, 3, True)
    first, second = np.concatenate(plan.epoch(1)), np.concatenate(plan.epoch(2))
    assert first.tolist() != second.tolist()
    assert first.tolist() == np.concatenate(plan.epoch(1)).tolist()
    assert first.tolist() != np.concatenate(BatchPlan(LENGTHS, 16, 4, True).epoch(1)).tolist()


def test_bucketing_saves_padding() -> None:
    def padding(bucketing: bool) -> int:
        batches = BatchPlan(LENGTHS, 16, 3, bucketing).epoch(1)
        return sum(int(LENGTHS[b].max() * len(b) - LENGTHS[b].sum()) for b in batches)

    assert padding(True) < padding(False) / 5


def test_buckets_are_not_trained_on_in_order_of_length() -> None:
    means = [LENGTHS[batch].mean() for batch in BatchPlan(LENGTHS, 16, 3, True).epoch(1)]
    assert abs(np.corrcoef(means, np.arange(len(means)))[0, 1]) < 0.4


def test_sorted_batches_cover_all_rows() -> None:
    batches = sorted_batches(LENGTHS, 64)
    assert sorted(np.concatenate(batches).tolist()) == list(range(1003))
    assert (np.diff(LENGTHS[np.concatenate(batches)]) >= 0).all()
