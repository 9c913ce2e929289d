# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The RPC and the HTTP client against a running service: what comes back, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from child_services.running_service import RunningService
from clients.http_client import HttpRankerClient
from clients.ranker.key_value_client import DEFAULT_SERVICE, KeyValueRankerClient
from clients.rpc_client import RpcRankerClient
from contract.errors import InvalidField, RequestError, RequestTooLarge, UnknownService
from tests.bundles import SENTENCES

QUERY, *DOCUMENTS = SENTENCES


def connect(
    transport: str, running: RunningService, service: str = DEFAULT_SERVICE
) -> KeyValueRankerClient:
    if transport == "http":
        return HttpRankerClient(running.url, service=service)
    return RpcRankerClient(running.endpoint, service=service)


@pytest.fixture(params=["rpc", "http"])
def client(
    request: pytest.FixtureRequest, service: RunningService
) -> Iterator[KeyValueRankerClient]:
    with connect(request.param, service) as made:
        yield made


def test_results_are_the_scores_from_best_to_worst(client: KeyValueRankerClient) -> None:
    result = client.rank(QUERY, DOCUMENTS, return_documents=True, request_id="r-1")
    assert len(result.scores) == len(DOCUMENTS)
    assert [r.score for r in result.results] == sorted(result.scores, reverse=True)
    for ranked in result.results:
        assert ranked.score == result.scores[ranked.index]
        assert ranked.document == DOCUMENTS[ranked.index]
    assert (result.ranker, result.request_id, result.rankings) == ("pairwise", "r-1", {})
    assert len(result.bundle) == 12
    assert result.tokens > len(DOCUMENTS) * 3
    assert {"tokenize", "queue", "compute"} <= set(result.timings_ms)


@pytest.mark.parametrize("ranker", ["pairwise", "cross_encoder"])
def test_both_transports_and_both_shapes_give_the_same_scores(
    ranker: str, service: RunningService
) -> None:
    with connect("rpc", service) as rpc, connect("http", service) as http:
        pairs = [(QUERY, document) for document in DOCUMENTS]
        answers = [
            rpc.rank(QUERY, DOCUMENTS, ranker=ranker),
            http.rank(QUERY, DOCUMENTS, ranker=ranker),
            rpc.rank_pairs(pairs, ranker=ranker),
            http.rank_pairs(pairs, ranker=ranker),
        ]
    for answer in answers[1:]:
        assert answer.ranker == ranker
        assert answer.scores == pytest.approx(answers[0].scores, abs=1e-5)
        assert [r.index for r in answer.results] == [r.index for r in answers[0].results]


def test_both_rankers_answer_in_one_request(client: KeyValueRankerClient) -> None:
    result = client.rank(QUERY, DOCUMENTS, ranker="both", top_n=2)
    assert list(result.rankings) == ["pairwise", "cross_encoder"]
    for ranker, ranking in result.rankings.items():
        alone = client.rank(QUERY, DOCUMENTS, ranker=ranker)
        assert ranking.scores == pytest.approx(alone.scores, abs=1e-5)
        assert list(ranking.order) == [r.index for r in alone.results[:2]]
        assert ranking.bundle == alone.bundle


def test_top_n_cuts_results_but_not_scores(client: KeyValueRankerClient) -> None:
    result = client.rank(QUERY, DOCUMENTS, top_n=2)
    assert (len(result.results), len(result.scores)) == (2, len(DOCUMENTS))
    assert result.results[0].document is None


def test_a_long_document_is_reported_as_cut(client: KeyValueRankerClient) -> None:
    assert client.rank(QUERY, ["短", "长" * 500]).truncated == (1,)


@pytest.mark.parametrize("transport", ["rpc", "http"])
@pytest.mark.parametrize(("name", "ranker"), [("ernie", "pairwise"), ("rocketqa", "cross_encoder")])
def test_a_service_name_picks_its_ranker(
    transport: str, name: str, ranker: str, service: RunningService
) -> None:
    with connect(transport, service, service=name) as client:
        assert client.rank(QUERY, DOCUMENTS).ranker == ranker


# over RPC an empty name means the default service
@pytest.mark.parametrize(
    ("transport", "name"),
    [
        *(("rpc", name) for name in ("nobody", "a/b", "..", "名")),
        *(("http", name) for name in ("nobody", "a/b", "..", "名", "")),
    ],
)
def test_an_unknown_service_is_told_apart(
    transport: str, name: str, service: RunningService
) -> None:
    with connect(transport, service, service=name) as client, pytest.raises(UnknownService):
        client.rank(QUERY, DOCUMENTS)


@pytest.mark.parametrize(
    ("arguments", "options", "field"),
    [
        (("", ["t"]), {}, "query"),
        (("q", []), {}, "documents"),
        (("q", ["t", 5]), {}, r"documents\[1\]"),
        (("q", ["t"]), {"top_n": 0}, "top_n"),
        (("q", ["t"]), {"top_n": -1}, "top_n"),
        (("q", ["t"]), {"ranker": "nobody"}, "ranker"),
        (("q", ["t"]), {"request_id": "two words"}, "request_id"),
        (("q", ["\ud800"]), {}, "documents"),
    ],
)
def test_a_bad_request_names_the_field(
    arguments: Any, options: dict[str, Any], field: str, client: KeyValueRankerClient
) -> None:
    with pytest.raises(RequestError, match=field):
        client.rank(*arguments, **options)
    assert client.rank(QUERY, DOCUMENTS).results


def test_over_http_a_bad_value_and_a_large_request_are_classes_of_their_own(
    service: RunningService,
) -> None:
    with connect("http", service) as client:
        with pytest.raises(InvalidField) as caught:
            client.rank("q", ["t"], top_n=-1)
        assert caught.value.field == "top_n"
        for documents in (["t"] * 51, ["t" * 1001], ["t" * 300_000]):
            with pytest.raises(RequestTooLarge):
                client.rank("q", documents)


def test_many_threads_share_one_client(client: KeyValueRankerClient) -> None:
    expected = {d: client.rank(QUERY, [d]).scores[0] for d in DOCUMENTS}

    def rank(number: int) -> None:
        document = DOCUMENTS[number % len(DOCUMENTS)]
        result = client.rank(QUERY, [document], request_id=f"n{number}")
        assert result.request_id == f"n{number}"
        assert result.scores[0] == pytest.approx(expected[document], abs=1e-5)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(rank, range(80)))


def test_awkward_texts_pass_unchanged(client: KeyValueRankerClient) -> None:
    texts = ["it's", 'say "hi"', "a\\b", "line\nbreak", "\u2028", "", "😀", "{'query': 1}", "\x00"]
    result = client.rank('it\'s "quoted"', texts, return_documents=True)
    assert {r.index: r.document for r in result.results} == dict(enumerate(texts))
