# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The lists that a cascade is measured on; one that dropped a stage is no figure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.cascade import calls_of, turns
from benchmarks.workload import RankCall, load_workload
from clients import RankerClient, RankResult
from contract.errors import SetUpError
from contract.rankers import CASCADE, CROSS_ENCODER
from tests.services import running_service

STAGES = [{"ranker": "bm25", "keep": 2}, {"ranker": CROSS_ENCODER}]
CALLS = [RankCall("感冒", ("感冒", "吃药", "文化", "语言"))]


@pytest.mark.parametrize("documents", [3, 9, 40])
def test_lists_have_the_length_that_is_asked_for(workload_file: Path, documents: int) -> None:
    calls = calls_of(load_workload(workload_file), documents, 5)
    assert [len(set(call.documents)) for call in calls] == [documents] * 5


class NotingClient(RankerClient):
    """Notes what it asks, and asks it."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.asked: list[tuple[str, str]] = []

    def rank(self, query: str, documents: Any, **options: Any) -> RankResult:
        self.asked.append((query, options["ranker"]))
        return super().rank(query, documents, **options)


def test_both_are_asked_in_turns(bundles: Path, tmp_path: Path) -> None:
    calls = [RankCall(query, CALLS[0].documents) for query in ("感冒", "文化", "语言")]
    with (
        running_service(bundles, tmp_path, cascade={"stages": STAGES}) as service,
        NotingClient(service.url) as client,
    ):
        seconds = turns(client, (CROSS_ENCODER, CASCADE), calls)
    # the first two warm up, and are no figures
    asked = [call.query for call in (*calls[:2], *calls)]
    assert client.asked == [(q, ranker) for q in asked for ranker in (CROSS_ENCODER, CASCADE)]
    assert {ranker: len(times) for ranker, times in seconds.items()} == {
        CROSS_ENCODER: 3,
        CASCADE: 3,
    }


def test_a_dropped_stage_is_no_figure(bundles: Path, tmp_path: Path) -> None:
    # a row waits for others for longer than the cascade waits for its stage
    late = {"stages": STAGES, "max_ms": 1}
    with (
        running_service(bundles, tmp_path, cascade=late, scheduler={"max_wait_ms": 200}) as service,
        RankerClient(service.url) as client,
        pytest.raises(SetUpError, match="cross_encoder did not score"),
    ):
        turns(client, (CASCADE,), CALLS)
