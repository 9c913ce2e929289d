# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What the contract's codec writes, the client reads; what the client writes, the codec reads."""

from __future__ import annotations

import pytest

from clients.ranker.key_values import option_fields, pair_fields, rank_fields, read_result
from contract.wire.caller_errors import UnreadableAnswer
from contract.wire.request import Limits, RankRequest
from contract.wire.response import Ranking, RankResponse

PAIRWISE = Ranking("pairwise", "aaa", (0.25, 0.75, 0.5), (1, 2))
CROSS_ENCODER = Ranking("cross_encoder", "bbb", (0.9, 0.1, 0.2), (0, 2))
AWKWARD = ["it's", 'say "hi"', "line\nbreak", "[1, 2]", "", "é\x00", "null"]


@pytest.mark.parametrize("ranking", [PAIRWISE, CROSS_ENCODER])
def test_one_ranking(ranking: Ranking) -> None:
    response = RankResponse(
        (ranking,),
        documents=("a", "b", "c"),
        request_id="r-1",
        tokens=30,
        truncated=(2,),
        timings_ms={"compute": 1.5},
    )
    result = read_result(response.to_wire())
    assert result.scores == ranking.scores
    assert [r.index for r in result.results] == list(ranking.order)
    assert [r.score for r in result.results] == [ranking.scores[i] for i in ranking.order]
    assert [r.document for r in result.results] == ["abc"[i] for i in ranking.order]
    assert (result.ranker, result.bundle, result.request_id) == (
        ranking.ranker,
        ranking.bundle,
        "r-1",
    )
    assert (result.tokens, result.truncated, result.timings_ms) == (30, (2,), {"compute": 1.5})
    assert result.rankings == {}


def test_both_rankings() -> None:
    result = read_result(RankResponse((CROSS_ENCODER, PAIRWISE)).to_wire())
    assert result.ranker == "both"
    assert result.scores == CROSS_ENCODER.scores
    assert list(result.rankings) == ["cross_encoder", "pairwise"]
    pairwise = result.rankings["pairwise"]
    assert (pairwise.bundle, pairwise.scores, pairwise.order) == ("aaa", PAIRWISE.scores, (1, 2))


def test_the_service_reads_every_option() -> None:
    fields = {**rank_fields("q", AWKWARD), **option_fields("both", 2, True, "id-7")}
    request = RankRequest.from_wire(fields, Limits())
    assert request.pairs == tuple(("q", title) for title in AWKWARD)
    assert (request.ranker, request.top_n) == ("both", 2)
    assert (request.return_documents, request.request_id) == (True, "id-7")


def test_the_service_reads_numbered_pairs() -> None:
    pairs = [(f"query {i}", title) for i, title in enumerate(AWKWARD)]
    assert RankRequest.from_wire(pair_fields(pairs), Limits()).pairs == tuple(pairs)


def test_one_string_is_not_a_list_of_documents() -> None:
    with pytest.raises(TypeError, match="documents"):
        rank_fields("q", "not a list")


@pytest.mark.parametrize("name", ["predict", "results", "ranker", "bundle", "usage", "timings_ms"])
def test_a_missing_field_is_named(name: str) -> None:
    wire = RankResponse((PAIRWISE,)).to_wire()
    del wire[name]
    with pytest.raises(UnreadableAnswer, match=name):
        read_result(wire)


@pytest.mark.parametrize("name", ["predict", "results", "usage", "timings_ms", "rankings"])
@pytest.mark.parametrize("value", ["", "{", "7", '"text"', "[[]]", "__import__('os')"])
def test_a_wrong_value_is_named(name: str, value: str) -> None:
    wire = {**RankResponse((PAIRWISE, CROSS_ENCODER)).to_wire(), name: value}
    with pytest.raises(UnreadableAnswer, match=name):
        read_result(wire)
