# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A query longer than a row leaves its titles their place, on every path, and the answer says so.

By the shipped bundles, whose scores mean something.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Callable
from urllib.parse import unquote

import httpx
import pytest

from child_services.running_service import RunningService
from clients.http_client import HttpRankerClient
from clients.rpc_client import RpcRankerClient
from contract.rankers import PAIRWISE, RANKERS
from tests.long_query import BEST, LONG_QUERY, TITLES
from tests.pipeline.calls import gateway_body, http_call, rank, rpc_call
from tests.services import running_service

SAID = "the query had more than 381 tokens, of which 36"
Call = Callable[[RunningService, str], tuple[Sequence[float], Any]]


@pytest.fixture(scope="module")
def shipped(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    directory = tmp_path_factory.mktemp("shipped")
    # not beside these bundles, which are of the checkout
    cache = str(directory / "engine_cache")
    with running_service(repository / "serving_models", directory, engine_cache=cache) as service:
        yield service


def _post(service: RunningService, path: str, body: dict[str, Any]) -> Any:
    reply = httpx.post(f"{service.url}{path}", json=body, timeout=60)
    assert reply.status_code == 200, reply.text
    return reply


def cohere(service: RunningService, ranker: str) -> tuple[Sequence[float], Any]:
    body = {"query": LONG_QUERY, "documents": TITLES, "model": ranker}
    answer = _post(service, "/v1/rerank", body).json()
    assert answer["usage"]["truncated"] == []
    scores = {r["index"]: r["relevance_score"] for r in answer["results"]}
    return [scores[i] for i in range(len(TITLES))], answer["warnings"]


def bare(service: RunningService, ranker: str) -> tuple[Sequence[float], Any]:
    headers = {"x-ranker": ranker}
    body = {"query": LONG_QUERY, "texts": TITLES}
    reply = httpx.post(f"{service.url}/rerank", json=body, headers=headers, timeout=60)
    scores = {r["index"]: r["score"] for r in reply.json()}
    return [scores[i] for i in range(len(TITLES))], [unquote(reply.headers["x-warnings"])]


def gateway(service: RunningService, ranker: str) -> tuple[Sequence[float], Any]:
    answer = rank(service.url, query=LONG_QUERY, documents=TITLES, ranker=ranker)
    return _flat(answer.decoded("predict")), answer.decoded("warnings")


def rpc(service: RunningService, ranker: str) -> tuple[Sequence[float], Any]:
    pairs = [json.dumps({"query": LONG_QUERY, "title": title}) for title in TITLES]
    fields = {**{str(i): pair for i, pair in enumerate(pairs)}, "ranker": ranker}
    answer = rpc_call(service.endpoint, fields)
    over_http = http_call(service.url, "/ranker/prediction", gateway_body(fields))
    assert over_http.fields["predict"] == answer.fields["predict"]
    return _flat(answer.decoded("predict")), answer.decoded("warnings")


def open_inference(service: RunningService, ranker: str) -> tuple[Sequence[float], Any]:
    inputs = [
        {"name": name, "shape": [len(texts)], "datatype": "BYTES", "data": texts}
        for name, texts in (("query", [LONG_QUERY]), ("title", TITLES))
    ]
    answer = _post(service, f"/v2/models/{ranker}/infer", {"inputs": inputs}).json()
    return answer["outputs"][0]["data"], [answer["parameters"]["warnings"]]


def our_clients(service: RunningService, ranker: str) -> tuple[Sequence[float], Any]:
    with HttpRankerClient(service.url) as one, RpcRankerClient(service.endpoint) as other:
        first, second = (c.rank(LONG_QUERY, TITLES, ranker=ranker) for c in (one, other))
    assert second.scores == pytest.approx(first.scores, abs=1e-5)
    assert second.warnings == first.warnings
    return first.scores, first.warnings


def _flat(scores: list[Any]) -> list[float]:
    return [score[0] if isinstance(score, list) else score for score in scores]


@pytest.mark.parametrize("ranker", RANKERS)
@pytest.mark.parametrize("call", [cohere, bare, gateway, rpc, open_inference, our_clients])
def test_the_right_title_is_first(shipped: RunningService, call: Call, ranker: str) -> None:
    scores, warnings = call(shipped, ranker)
    others = [score for i, score in enumerate(scores) if i != BEST]
    assert scores[BEST] > 1.2 * max(others), scores
    assert len(warnings) == 1
    assert warnings[0].startswith(SAID)


@pytest.mark.parametrize("path", ["/v1/rerank", "/rerank"])
def test_who_takes_no_cut_text_is_refused_and_told_which(
    shipped: RunningService, path: str
) -> None:
    for texts, option in (("documents", "truncation"), ("texts", "truncate")):
        body = {"query": LONG_QUERY, texts: TITLES, option: False}
        reply = httpx.post(f"{shipped.url}{path}", json=body, timeout=60)
        assert reply.status_code == 413
        answer = reply.json()
        assert (answer["error"]["field"] if texts == "documents" else answer["field"]) == "query"
        assert f"leave {option} out" in reply.text


def test_chunks_of_a_title_beside_a_long_query_differ(shipped: RunningService) -> None:
    document = TITLES[0] * 30 + TITLES[BEST]
    plain, divided = (
        rank(shipped.url, query=LONG_QUERY, documents=[document], max_chunks_per_doc=count)
        for count in (1, 64)
    )
    tokens = [answer.decoded("usage")["tokens"] for answer in (plain, divided)]
    assert tokens[0] < tokens[1] < 4 * tokens[0], "as many rows as the title needs"
    assert "max_chunks_per_doc divides instead" in plain.decoded("warnings")[0]
    assert [said[:9] for said in divided.decoded("warnings")] == ["the query"]


def test_a_bundle_that_cuts_titles_first_says_that_nothing_is_left(
    service: RunningService,
) -> None:
    """As those whose manifest names no rule do."""
    answer = rank(service.url, query=LONG_QUERY, documents=[*TITLES, ""], ranker=PAIRWISE)
    many = rank(service.url, query=LONG_QUERY, documents=TITLES[:1], max_chunks_per_doc=64)
    *cut, alike = answer.decoded("warnings")
    assert alike.startswith("all 5 documents have the same score, 0.0")
    assert cut == [
        "the query had more than 61 tokens, of which 61 were kept beside the documents",
        "4 documents were left with no token, since the query takes the whole row; "
        "shorten the query",
        "1 document has no token: nothing, or only spaces and characters that are not read, "
        "such as U+200B",
    ]
    assert answer.decoded("usage")["truncated"] == [0, 1, 2, 3]
    assert many.decoded("usage") == {"tokens": 64, "truncated": [0]}
