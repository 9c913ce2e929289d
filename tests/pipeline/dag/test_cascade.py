# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Stage after stage before a graph that answers as the test says: time, failures, shares, ties."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from contract.errors import (
    CallerGone,
    DeadlineExceeded,
    InferenceFailed,
    InvalidField,
    Overloaded,
    RankingError,
    ShuttingDown,
)
from contract.rankers import BM25, CASCADE, CROSS_ENCODER, PAIRWISE
from pipeline.request.cancel import Cancel
from pipeline.request.route import Route, Target
from pipeline.routing.stages import Stage
from pipeline.telemetry.metrics import Metrics
from tests.pipeline.dag.digits import CASCADED, CHEAP, DEAR, Digits, answered, call, cascade

OTHER = Target(CROSS_ENCODER, "other")
TITLES = ["31", "54", "12", "45", "29"]


def test_the_second_stage_sees_the_best_alone_in_their_order() -> None:
    graph = Digits()
    response = answered(cascade(graph).call(call(TITLES)))
    assert [(target, titles) for target, titles, _ in graph.asked] == [
        (CHEAP, TITLES),
        (DEAR, ["54", "45"]),
    ]
    ranking = response.rankings[0]
    assert ranking.order == (3, 1, 0, 4, 2)
    assert ranking.logits == (3.0, 4.0, 1.0, 5.0, 2.0)
    assert response.tokens == 70
    # the first document of each pass was cut
    assert response.truncated == (0, 1)
    assert response.timings_ms == {"tokenize": 2.0, "queue": 4.0, "compute": 6.0}


def test_documents_that_a_stage_scores_alike_keep_the_order_of_the_stage_before() -> None:
    response = answered(cascade(Digits()).call(call(["17", "37", "27"])))
    assert response.rankings[0].order == (1, 2, 0)
    assert any("all 2 documents that cross_encoder" in doubt for doubt in response.doubts)
    assert any("the stage before" in doubt for doubt in response.doubts)


def test_fewer_documents_than_are_kept_are_all_scored_again() -> None:
    response = answered(cascade(Digits()).call(call(["12"])))
    staged = response.rankings[0].staged
    assert staged is not None
    assert [run.documents for run in staged.runs] == [1, 1]
    assert response.doubts == ()


def test_three_stages() -> None:
    graph = Digits()
    stages = (Stage(BM25, None, 3), Stage(PAIRWISE, CHEAP, 2), Stage(CROSS_ENCODER, DEAR))
    texts = [f"{title} {'q ' * count}" for title, count in zip(TITLES, (3, 0, 2, 1, 9))]
    response = answered(cascade(graph, *stages).call(call(texts)))
    assert [target for target, _, _ in graph.asked] == [CHEAP, DEAR]
    # "31", "12" and "29" have the query most often; of these the cheap ranker prefers 31 and 29
    assert sorted(text[:2] for text in graph.asked[0][1]) == ["12", "29", "31"]
    ranking = response.rankings[0]
    assert ranking.order == (4, 0, 2, 3, 1)
    assert ranking.staged is not None
    assert ranking.staged.stage_of == (2, 0, 1, 0, 2)
    scores = [ranking.falling_scores[i] for i in ranking.order]
    logits = [ranking.falling_logits[i] for i in ranking.order]
    assert scores == sorted(scores, reverse=True)
    assert logits == sorted(logits, reverse=True)
    assert ranking.falling_scores[4] == ranking.scores[4]
    assert ranking.ordered_by == tuple(-float(ranking.order.index(i)) for i in range(5))


@pytest.mark.parametrize(
    ("share", "at_least", "seen"),
    [(0.5, 1, 1), (0.9, 1, 3), (0.9999, 1, 4), (0.5, 3, 3)],
)
def test_a_share_of_the_softmax_decides_how_many_are_kept(
    share: float, at_least: int, seen: int
) -> None:
    # logits 9, 8, 7, 6, 0: masses 0.644, 0.237, 0.087, 0.032, 0.0001
    graph = Digits()
    stage = Stage(PAIRWISE, CHEAP, 4, share, at_least)
    titles = ["60", "90", "00", "80", "70"]
    cascade(graph, stage, Stage(CROSS_ENCODER, DEAR)).call(call(titles))
    assert len(graph.asked[1][1]) == seen


def test_a_stage_that_is_late_is_dropped_and_the_answer_says_so() -> None:
    graph, metrics = Digits(), Metrics()
    graph.failures[DEAR] = DeadlineExceeded("late")
    response = answered(cascade(graph, metrics=metrics).call(call(TITLES)))
    assert response.rankings[0].order == (1, 3, 0, 4, 2)
    staged = response.rankings[0].staged
    assert staged is not None
    assert set(staged.stage_of) == {0}
    assert staged.runs[1].to_wire() == {
        "ranker": CROSS_ENCODER, "documents": 0, "bundle": "c", "dropped": DeadlineExceeded.code,
    }  # fmt: skip
    (doubt,) = response.doubts
    assert "cross_encoder did not score (deadline_exceeded): the order is that of pairwise" in doubt
    text = metrics.text().decode()
    code = f'code="{DeadlineExceeded.code}",ranker="cross_encoder",stage="1"'
    assert f"ranking_cascade_dropped_total{{{code}}} 1.0" in text


@pytest.mark.parametrize("error", [Overloaded("full"), InferenceFailed("NaN")])
def test_a_stage_that_cannot_is_dropped_too(error: RankingError) -> None:
    graph = Digits()
    graph.failures[DEAR] = error
    response = answered(cascade(graph).call(call(TITLES)))
    assert any(error.code in doubt for doubt in response.doubts)


@pytest.mark.parametrize(
    "error", [ShuttingDown("end"), CallerGone("gone"), InvalidField("wrong", field="query")]
)
def test_what_is_no_ones_answer_stays_an_error(error: RankingError) -> None:
    graph = Digits()
    graph.failures[DEAR] = error
    assert cascade(graph).call(call(TITLES)).result is error


def test_nothing_is_answered_for_a_caller_who_has_gone() -> None:
    graph, cancel = Digits(), Cancel()
    cancel.tell()
    graph.failures[DEAR] = DeadlineExceeded("late")
    assert isinstance(cascade(graph).call(call(TITLES, cancel=cancel)).result, DeadlineExceeded)


def test_the_first_stage_must_answer() -> None:
    graph = Digits()
    graph.failures[CHEAP] = Overloaded("full")
    outcome = cascade(graph).call(call(TITLES))
    assert isinstance(outcome.result, Overloaded)
    assert outcome.route is not None
    assert outcome.route.targets == (CASCADED,)


def test_a_stage_is_not_begun_with_when_no_time_is_left() -> None:
    graph = Digits()
    response = answered(cascade(graph).call(call(TITLES, deadline=time.monotonic())))
    assert [target for target, _, _ in graph.asked] == [CHEAP]
    assert any("did not score" in doubt for doubt in response.doubts)


def test_later_stages_leave_time_for_the_answer() -> None:
    graph = Digits()
    deadline = time.monotonic() + 60.0
    cascade(graph).call(call(TITLES, deadline=deadline))
    first, second = (asked[2] for asked in graph.asked)
    assert first == deadline
    assert second is not None
    assert second < deadline


def test_max_ms_bounds_later_stages_alone() -> None:
    graph = Digits()
    before = time.monotonic()
    cascade(graph, max_s=30.0).call(call(TITLES))
    first, second = (asked[2] for asked in graph.asked)
    assert first is None
    assert second is not None
    assert before < second <= time.monotonic() + 30.0


def test_others_are_asked_as_without_a_cascade() -> None:
    graph = Digits()
    outcome = cascade(graph).call(replace(call(TITLES), asked=(CROSS_ENCODER,)))
    assert answered(outcome).rankings[0].ranker == CROSS_ENCODER
    assert [target for target, _, _ in graph.asked] == [DEAR]


def test_interleaved_with_another_ranker() -> None:
    route = Route((DEAR, CASCADED), "e", "interleave", "interleaved", teams=("a", "b"))
    asked = replace(call(TITLES), route=route)
    asked = replace(asked, request=replace(asked.request, top_n=3))
    response = answered(cascade(Digits()).call(asked))
    assert response.draft is not None
    assert sorted(response.draft.order) == [0, 1, 2, 3, 4]
    assert len(response.results()) == 3
    assert (response.experiment, response.variant) == ("e", "interleaved")
    assert response.tokens == 120


def test_one_of_two_interleaved_orders_is_an_answer_too() -> None:
    graph = Digits()
    graph.failures[DEAR] = Overloaded("full")
    route = Route((DEAR, CASCADED), "e", "interleave", "interleaved", teams=("a", "b"))
    asked = replace(call(TITLES), route=route)
    asked = replace(asked, request=replace(asked.request, top_n=3))
    response = answered(cascade(graph).call(asked))
    assert [ranking.ranker for ranking in response.rankings] == [CASCADE]
    assert response.draft is None
    assert [result["index"] for result in response.results()] == [1, 3, 0]


@pytest.mark.parametrize("fails", [False, True])
def test_interleaved_only_stages_that_are_shown_are_doubted(fails: bool) -> None:
    graph = Digits()
    if fails:
        graph.failures[DEAR] = Overloaded("full")
    stages = (Stage(PAIRWISE, CHEAP, 2), Stage(CROSS_ENCODER, OTHER))
    route = Route((DEAR, CASCADED), "e", "interleave", "interleaved", teams=("a", "b"))
    asked = replace(call(TITLES), route=route)
    for top_n, doubted in ((1, False), (None, True)):
        asked = replace(asked, request=replace(asked.request, top_n=top_n))
        response = answered(cascade(graph, *stages).call(asked))
        assert any("do not compare" in text for text in response.warnings) is doubted
        assert response.stages[0].ranker == PAIRWISE


def test_stages_that_count_differently_are_named() -> None:
    graph = Digits()
    graph.doubts[CHEAP] = ("the query was cut", "5 documents have no token")
    graph.doubts[DEAR] = ("the query was cut", "2 documents have no token")
    doubts = answered(cascade(graph).call(call(TITLES))).doubts
    assert doubts == (
        "the query was cut",
        "pairwise: 5 documents have no token",
        "cross_encoder: 2 documents have no token",
    )


def test_whose_time_was_over_is_told() -> None:
    for deadline, max_s, whose in (
        (time.monotonic() + 0.009, 60.0, "the caller's time was over"),
        (time.monotonic() + 60.0, 0.0, "max_ms of the cascade was over"),
    ):
        response = answered(cascade(Digits(), max_s=max_s).call(call(TITLES, deadline)))
        assert any(f"(deadline_exceeded: {whose})" in doubt for doubt in response.doubts)


def test_an_experiment_that_is_gone_is_told() -> None:
    asked = replace(call(TITLES), asked=(), experiment="gone")
    assert "no experiment 'gone'" in str(cascade(Digits()).call(asked).result)


def test_the_state_is_that_of_the_graph() -> None:
    made = cascade(Digits())
    assert (made.dead(), made.stopped()) == (["an op"], ["a process"])
