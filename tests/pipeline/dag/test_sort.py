# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The sort op orders by logit: scores that are 1.0 for all titles hide no order."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any, Optional

import numpy as np
import pytest

from contract.calibration import Calibration
from contract.encoding import Row, Rows
from contract.errors import InferenceFailed
from contract.rankers import CROSS_ENCODER, PAIRWISE
from contract.scoring import SCORE_FUNCTIONS
from contract.wire.request import Limits, RankRequest
from contract.wire.response import RankResponse
from pipeline.batching.job import Scored
from pipeline.dag.messages import Encoded, RankerLogits
from pipeline.dag.sort import Sort
from pipeline.edges.http.routes.rerank_bodies import read_rerank
from pipeline.edges.http.routes.rerank_shapes import doubted, write_rerank
from pipeline.request.call import Arrival, Call
from pipeline.request.outcome import Outcome
from pipeline.request.route import Route, Target

TARGET = Target(PAIRWISE, "1")
OTHER = Target(CROSS_ENCODER, "2")
# of a ranker that is sure of every title
SATURATED = [[24.30], [24.32], [23.74], [24.13]]


def sort(
    logits: dict[Target, Sequence[Sequence[float]]],
    function: str = "sigmoid",
    *,
    titles: Optional[Sequence[str]] = None,
    owners: Optional[Sequence[int]] = None,
    teams: tuple[str, ...] = (),
    calibration: Optional[Calibration] = None,
) -> Outcome:
    count = len(next(iter(logits.values())))
    titles = titles or [f"title {i}" for i in range(len(set(owners or range(count))))]
    request = RankRequest.from_fields({"query": "q", "documents": list(titles)}, Limits())
    route = Route(tuple(logits), experiment="e" if teams else "", teams=teams)
    call = Call(request.identified("r"), Arrival("test", "", time.monotonic()), route=route)
    row = Row(np.array([1, 2]), np.array([0, 0]), False)
    rows = {target: Rows((row,) * count, owners) for target in logits}
    encoded = Encoded(call, route, rows, 0.0, 2 * count)
    scored = {
        target: Scored(np.array(values, dtype=np.float32), 0.0, 0.0)
        for target, values in logits.items()
    }
    functions = {PAIRWISE: function, CROSS_ENCODER: "softmax_positive"}
    scorings = {t: SCORE_FUNCTIONS[functions[t.ranker]].calibrated(calibration) for t in logits}
    op = Sort(scorings)
    return op([RankerLogits(encoded, scored)])


def answered(outcome: Outcome) -> RankResponse:
    assert isinstance(outcome.result, RankResponse)
    return outcome.result


def rerank(response: RankResponse, **body: Any) -> Any:
    """The answer of POST /rerank to ``body``."""
    key = "texts" if "texts" in body else "documents"
    titles = [f"title {i}" for i in range(len(response.rankings[0].scores))]
    asked = read_rerank({"query": "q", **body, key: titles})
    return write_rerank(asked, asked.request(Limits()), doubted(asked, response))


def test_a_calibrated_bundle_gives_probabilities_in_the_order_of_its_logits() -> None:
    """Isotonic regression gives several logits one score, and their order stays."""
    steps = {"logits": [-1.0, 0.0, 2.0], "scores": [0.25, 0.25, 0.75]}
    logits = [[-0.5], [1.0], [-0.2], [3.0]]
    outcome = sort({TARGET: logits}, calibration=Calibration("isotonic", steps, {}))
    (ranking,) = answered(outcome).rankings
    expected = np.interp(np.array(logits, dtype="float32")[:, 0], *steps.values())
    assert ranking.scores == tuple(expected.tolist()) == (0.25, 0.5, 0.25, 0.75)
    assert ranking.order == (3, 1, 2, 0)
    assert ranking.logits == tuple(np.array(logits, dtype="float32")[:, 0].tolist())
    assert json.loads(answered(outcome).to_wire()["predict"]) == [[s] for s in ranking.scores]


def test_saturated_scores_do_not_tie() -> None:
    response = answered(sort({TARGET: SATURATED}))
    assert response.rankings[0].order == (1, 0, 3, 2)
    wire = response.to_wire()
    predict = [score for (score,) in json.loads(wire["predict"])]
    # who sorts by it, as upstream's clients do, has the same order
    assert sorted(range(4), key=lambda i: -predict[i]) == [1, 0, 3, 2]
    assert all(score < 1.0 for score in predict)
    assert "warnings" not in wire


@pytest.mark.parametrize("shape", ["texts", "documents"])
def test_raw_scores_are_the_logits(shape: str) -> None:
    answer = rerank(answered(sort({TARGET: SATURATED})), **{shape: []}, raw_scores=True)
    results = answer if shape == "texts" else answer["results"]
    got = [result["score" if shape == "texts" else "relevance_score"] for result in results]
    assert got == pytest.approx([24.32, 24.30, 24.13, 23.74], rel=1e-6)


def test_raw_scores_of_two_logits_are_their_difference() -> None:
    response = answered(sort({OTHER: [[0.0, 40.0], [-3.0, 38.0]]}))
    assert response.rankings[0].order == (1, 0)
    results = rerank(response, raw_scores=True)["results"]
    assert [result["relevance_score"] for result in results] == [41.0, 40.0]


def test_a_graph_without_logits_says_so_where_they_are_asked() -> None:
    response = answered(sort({TARGET: [[0.25], [0.75]]}, "identity"))
    assert (response.rankings[0].logits, response.rankings[0].order) == ((), (1, 0))
    answer = rerank(response, raw_scores=True)
    assert [r["relevance_score"] for r in answer["results"]] == pytest.approx(
        [1.0986, -1.0986], 1e-4
    )
    assert "returns scores and no logits" in answer["warnings"][0]
    assert "warnings" not in rerank(response, raw_scores=False)


def test_the_best_chunk_is_that_of_the_largest_logit() -> None:
    logits = [[50.0], [60.0], [55.0], [40.0], [58.0]]
    response = answered(sort({TARGET: logits}, owners=[0, 0, 1, 1, 2]))
    assert response.rankings[0].logits == (60.0, 55.0, 58.0)
    assert response.rankings[0].order == (0, 2, 1)


def test_orders_are_interleaved_by_logit() -> None:
    logits = {TARGET: [[40.0], [50.0]], Target(PAIRWISE, "3"): [[41.0], [60.0]]}
    response = answered(sort(logits, teams=("a", "b")))
    assert response.draft is not None
    assert response.draft.order == (1, 0)
    results = rerank(response, raw_scores=True)["results"]
    assert [result["relevance_score"] for result in results] == [1.0, 0.5]
    assert {result["team_score"] for result in results} <= {40.0, 41.0, 50.0, 60.0}


def test_scores_that_tell_nothing_apart_are_said() -> None:
    (warning,) = answered(sort({TARGET: [[1.0]] * 3})).warnings
    assert warning == (
        "all 3 documents have the same score, 0.731059; they stand in the order of the request"
    )
    (warning,) = answered(sort({TARGET: [[40.0], [50.0]]})).warnings
    assert warning == (
        "all 2 documents have the same score, 1; their order is that of the logits, which "
        "raw_scores of POST /rerank gives"
    )
    both = answered(sort({TARGET: [[1.0]] * 2, OTHER: [[0.0, 1.0], [0.0, 2.0]]}))
    assert both.warnings == (
        "all 2 documents have the same score of pairwise, 0.731059; they stand in the order of "
        "the request",
    )


def test_equal_texts_have_equal_scores_without_a_word() -> None:
    assert answered(sort({TARGET: [[1.0]] * 2}, titles=["same", "same"])).warnings == ()
    assert answered(sort({TARGET: [[1.0]]})).warnings == ()


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_logit_that_is_no_number_is_an_error(wrong: float) -> None:
    outcome = sort({TARGET: [[1.0], [wrong]]})
    assert isinstance(outcome.result, InferenceFailed)
    assert "NaN or infinity for 1 of 2 rows" in str(outcome.result)
