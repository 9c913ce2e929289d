# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""BM25 as the first stage: what it reads of a document, whose time it takes, when it is ready."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from contract import bm25
from contract.errors import CallerGone, DeadlineExceeded
from contract.rankers import BM25, CROSS_ENCODER
from pipeline.dag.cascade_bm25 import Bm25Stage
from pipeline.request.cancel import Cancel
from pipeline.routing.stages import Stage
from tests.pipeline.dag.digits import DEAR, Digits, call, cascade

STAGES = (Stage(BM25, None, 1), Stage(CROSS_ENCODER, DEAR))


def test_no_more_of_a_document_is_read_than_a_ranker_can() -> None:
    bm25_stage = Bm25Stage(longest_row=8)
    late = ["x " * 15 + "q", "x " * 16 + "q"]
    values = bm25_stage(call(late)).values
    assert values[0] > 0.0 == values[1]
    one = call(late)
    chunks = replace(one, request=replace(one.request, max_chunks_per_doc=2))
    assert all(bm25_stage(chunks).values > 0.0)
    few = replace(one, request=replace(one.request, max_tokens_per_doc=4))
    assert not any(bm25_stage(few).values)


def test_the_callers_time_is_over_before_bm25() -> None:
    graph = Digits()
    outcome = cascade(graph, *STAGES).call(call(["11", "22"], deadline=time.monotonic()))
    assert isinstance(outcome.result, DeadlineExceeded)
    assert graph.asked == []


@pytest.mark.parametrize("parts", [1, 2])
def test_the_callers_time_is_over_while_bm25_scores(
    parts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the clock of the stage moves on with each look
    now = iter(range(100))
    monkeypatch.setattr("pipeline.dag.cascade_bm25.time.monotonic", lambda: float(next(now)))
    monkeypatch.setattr(bm25, "_PART_CHARACTERS", 1)
    asked = call(["11", "22"])
    asked = replace(asked, arrival=asked.arrival._replace(deadline=float(parts + 1)))
    with pytest.raises(DeadlineExceeded, match="bm25 did not answer"):
        Bm25Stage(8)(asked)


def test_nothing_is_scored_for_a_caller_who_has_gone() -> None:
    cancel = Cancel()
    cancel.tell()
    graph = Digits()
    outcome = cascade(graph, *STAGES).call(call(["11", "22"], cancel=cancel))
    assert isinstance(outcome.result, CallerGone)
    assert graph.asked == []


def test_the_table_of_characters_is_made_before_the_first_request() -> None:
    bm25._kinds.cache_clear()
    cascade(Digits(), *STAGES)
    assert bm25._kinds.cache_info().currsize == 1
