# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The lists that a cascade is measured on; one that dropped a stage is no figure."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.cascade import calls_of, turns
from benchmarks.workload import RankCall, load_workload
from clients import RankerClient
from contract.errors import SetUpError
from contract.rankers import CASCADE, CROSS_ENCODER
from tests.services import running_service

STAGES = [{"ranker": "bm25", "keep": 2}, {"ranker": CROSS_ENCODER}]
CALLS = [RankCall("感冒", ("感冒", "吃药", "文化", "语言"))]


@pytest.mark.parametrize("documents", [3, 9, 40])
def test_lists_have_the_length_that_is_asked_for(workload_file: Path, documents: int) -> None:
    calls = calls_of(load_workload(workload_file), documents, 5)
    assert [len(set(call.documents)) for call in calls] == [documents] * 5


def test_both_are_asked_in_turns(bundles: Path, tmp_path: Path) -> None:
    with (
        running_service(bundles, tmp_path, cascade={"stages": STAGES}) as service,
        RankerClient(service.url) as client,
    ):
        seconds = turns(client, (CROSS_ENCODER, CASCADE), CALLS)
    assert {ranker: len(times) for ranker, times in seconds.items()} == {
        CROSS_ENCODER: 1,
        CASCADE: 1,
    }


def test_a_dropped_stage_is_no_figure(bundles: Path, tmp_path: Path) -> None:
    # no compute of an engine takes so little
    late = {"stages": STAGES, "max_ms": 1}
    many = [RankCall("感冒", tuple(f"感冒吃药{i}" for i in range(900)))]
    with (
        running_service(bundles, tmp_path, cascade=late) as service,
        RankerClient(service.url) as client,
        pytest.raises(SetUpError, match="cross_encoder did not score"),
    ):
        turns(client, (CASCADE,), many)
