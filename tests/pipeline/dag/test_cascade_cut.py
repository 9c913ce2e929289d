# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What a stage hands on: of ties, of several queries, and what the answer says of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Optional

import pytest

from contract.errors import Overloaded
from contract.rankers import BM25, CROSS_ENCODER, PAIRWISE
from contract.wire.request import RankRequest
from pipeline.dag.cascade_cut import cut_of
from pipeline.routing.stages import Stage
from tests.pipeline.dag.digits import CHEAP, DEAR, Digits, answered, call, cascade

BM25_FIRST = (Stage(BM25, None, 10), Stage(CROSS_ENCODER, DEAR))
# the query, q, stands in none of them; the last one is the best
UNRELATED = [f"0{i % 10} {i}" for i in range(20)]


@pytest.mark.parametrize("top_n", [None, 3])
def test_documents_that_bm25_tells_nothing_of_all_go_on_and_the_answer_says_so(
    top_n: Optional[int],
) -> None:
    graph = Digits()
    asked = call(UNRELATED)
    asked = replace(asked, request=replace(asked.request, top_n=top_n))
    response = answered(cascade(graph, *BM25_FIRST).call(asked))
    assert graph.asked[0][1] == UNRELATED
    assert response.rankings[0].order[:2] == (9, 19)
    (warning,) = response.doubts
    assert warning == (
        "bm25 gives all 20 documents one score: the next stage scored all of them, not 10 at most"
    )


def test_a_share_does_not_cut_what_is_alike_either() -> None:
    graph = Digits()
    stages = (Stage(PAIRWISE, CHEAP, 4, 0.5), Stage(CROSS_ENCODER, DEAR))
    cascade(graph, *stages).call(call(["11", "12", "13", "14", "15", "16"]))
    assert len(graph.asked[1][1]) == 6


def test_where_all_are_too_much_for_the_next_stage_it_gets_what_is_kept() -> None:
    graph = Digits()
    graph.most = 12
    response = answered(cascade(graph, *BM25_FIRST).call(call(UNRELATED)))
    assert [len(titles) for _, titles, _ in graph.asked] == [20, 10]
    (cut,) = [doubt for doubt in response.doubts if "the cut" in doubt]
    assert "among 20 documents of one score: the first 10 of them" in cut


@pytest.mark.parametrize("top_n", [None, 3])
def test_a_cut_within_a_tie_is_told(top_n: Optional[int]) -> None:
    graph = Digits()
    asked = call(["31", "39", "32", "41", "33"])
    asked = replace(asked, request=replace(asked.request, top_n=top_n))
    response = answered(cascade(graph).call(asked))
    assert graph.asked[1][1] == ["41", "31"]
    (warning,) = [doubt for doubt in response.doubts if "the cut" in doubt]
    assert warning == (
        "the cut of pairwise is among 4 documents of one score: the first 1 of them were scored "
        "further, by the order before; raise its keep"
    )


def test_a_tie_above_or_below_the_cut_is_no_doubt_nor_is_one_of_equal_texts() -> None:
    for titles in (["51", "52", "31", "32"], ["51", "41", "31", "32"], ["51", "31", "31"]):
        response = answered(cascade(Digits()).call(call(titles)))
        assert not [doubt for doubt in response.doubts if "cut" in doubt]
    assert [
        len(cut_of(Stage(BM25, None, 2), [0, 1, 2], [0.0] * 3, [("q", "a")] * 3).documents)
    ] == [2]


def test_nothing_is_said_of_a_cut_when_the_next_stage_was_dropped() -> None:
    graph = Digits()
    graph.failures[DEAR] = Overloaded("full")
    response = answered(cascade(graph, *BM25_FIRST).call(call(UNRELATED)))
    assert not [doubt for doubt in response.doubts if "next stage scored" in doubt]


@pytest.mark.parametrize("first", [Stage(BM25, None, 2), Stage(PAIRWISE, CHEAP, 2)])
def test_so_many_are_kept_of_each_query(first: Stage) -> None:
    # the documents of "a" outdo those of "b" in either ranker
    pairs = [
        ("a", "71 a a"),
        ("a", "62 a"),
        ("a", "53 x"),
        ("b", "34 b"),
        ("b", "25 b b b"),
        ("b", "16 x"),
    ]
    graph = Digits()
    asked = replace(call([]), request=RankRequest(tuple(pairs), request_id="id"))
    response = answered(cascade(graph, first, Stage(CROSS_ENCODER, DEAR)).call(asked))
    assert sorted(graph.asked[-1][1]) == ["25 b b b", "34 b", "62 a", "71 a a"]
    ranking = response.rankings[0]
    assert ranking.staged is not None
    assert ranking.staged.stage_of == (1, 1, 0, 1, 1, 0)
    scores = [ranking.falling_scores[i] for i in ranking.order]
    assert scores == sorted(scores, reverse=True)


def test_of_several_queries_only_those_without_an_opinion_are_widened() -> None:
    pairs = [("a", "1"), ("a", "2"), ("a", "3"), ("b", "4"), ("b", "5"), ("b", "6")]
    values = [0.0, 0.0, 0.0, 3.0, 2.0, 1.0]
    cut = cut_of(Stage(BM25, None, 1), [3, 4, 5, 0, 1, 2], values, pairs)
    assert cut.documents == (3, 0, 1, 2)
    assert cut.is_widened
    assert len(cut.doubts) == 1
