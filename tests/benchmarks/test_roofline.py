# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What a pair costs, and the rates that the report makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.report import Roofline
from benchmarks.roofline import Sizes, read_sizes
from benchmarks.single_calls import Growth, measure_growth, measure_idle
from benchmarks.workload import RankCall, Workload
from contract.bundle import Bundle
from contract.rankers import CROSS_ENCODER, PAIRWISE


def test_the_operations_of_a_row_are_those_of_its_products() -> None:
    sizes = Sizes(layers=1, hidden=2, feed_forward=3, width=1)
    # query, key, value, output [5 x 2][2 x 2]; in [5 x 2][2 x 3], out [5 x 3][3 x 2];
    # scores [5 x 2][2 x 5], values [5 x 5][5 x 2]; pooler [1 x 2][2 x 2], head [1 x 2][2 x 1]
    multiplications = 4 * 5 * 2 * 2 + 2 * 5 * 2 * 3 + 2 * 5 * 5 * 2 + 2 * 2 + 2
    assert sizes.operations([5]) == 2 * multiplications
    assert sizes.operations([5, 5]) == 2 * sizes.operations([5])


def test_sizes_are_read_from_the_graph(bundles: Path) -> None:
    assert read_sizes(Bundle.open(bundles / PAIRWISE)) == Sizes(2, 32, 64, 1)
    assert read_sizes(Bundle.open(bundles / CROSS_ENCODER)) == Sizes(2, 32, 64, 2)


def test_a_rate_becomes_pairs_a_second() -> None:
    roofline = Roofline({"fp32": 100.0}, 4.0)
    assert roofline.pairs_per_s("fp32") == 25.0
    assert roofline.pairs_per_s("int8") is None
    assert Roofline().pairs_per_s("fp32") is None


def test_long_and_short_calls_hold_the_same_pairs() -> None:
    sizes: list[int] = []

    def rank(call: RankCall) -> list[float]:
        sizes.append(len(call.documents))
        return [0.0] * len(call.documents)

    workload = Workload("w", "", (RankCall("q", ("a", "b", "c")),))
    growth = measure_growth(rank, workload, long=8, short=4)
    assert sizes == [4, 8, 4, 4, 4, 4, 8]
    assert growth.ratio > 0
    assert Growth(50, 1000, 2.0, 3.0).ratio == pytest.approx(1.5)
    sizes.clear()
    assert measure_idle(rank, workload, 3).calls == 3
    assert set(sizes) == {1}
