# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Requests of other re-rankers' clients are taken, and answered with the fields they read."""

from __future__ import annotations

import json
import math
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Optional
from urllib.parse import urlsplit

import httpx
import pytest

from child_services.running_service import RunningService
from clients.http_client import HttpRankerClient
from contract.rankers import CROSS_ENCODER, PAIRWISE
from tests.bundles import SENTENCES
from tests.pipeline.telemetry.test_metrics import scrape
from tests.services import running_service

QUERY, DOCUMENTS = SENTENCES[0], list(SENTENCES[1:])
PATHS = ["/rerank", "/v1/rerank", "/v2/rerank"]
SPLIT = {
    "name": "ab",
    "variants": [{"name": "a", "ranker": PAIRWISE}, {"name": "b", "ranker": CROSS_ENCODER}],
    "coverage": 0.0,
    "allow_list": {"tester": "b"},
}


class Reply(NamedTuple):
    status: int
    body: Any
    headers: httpx.Headers


@pytest.fixture(scope="module")
def edge(bundles: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    directory = tmp_path_factory.mktemp("edge")
    with running_service(
        bundles,
        directory,
        experiments=[SPLIT],
        model_aliases={"rerank-v3.5": CROSS_ENCODER},
        limits={"max_body_bytes": 200_000, "max_documents": 500},
    ) as service:
        yield service


def post(edge: RunningService, path: str, body: Any, **headers: str) -> Reply:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = httpx.post(f"{edge.url}{path}", content=content, headers=headers, timeout=30)
    return Reply(response.status_code, response.json(), response.headers)


def expected(edge: RunningService, ranker: Optional[str] = None) -> list[tuple[int, float]]:
    with HttpRankerClient(edge.url) as client:
        return [(d.index, d.score) for d in client.rank(QUERY, DOCUMENTS, ranker=ranker).results]


def shown(results: list[dict[str, Any]], score: str = "relevance_score") -> list[Any]:
    return [(r["index"], pytest.approx(r[score], abs=1e-6)) for r in results]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("ranker", [PAIRWISE, CROSS_ENCODER])
def test_coheres_shape(edge: RunningService, path: str, ranker: str) -> None:
    body = {"model": ranker, "query": QUERY, "documents": DOCUMENTS, "top_n": 3}
    reply = post(edge, path, body)
    assert reply.status == 200
    assert shown(reply.body["results"]) == expected(edge, ranker)[:3]
    assert "document" not in reply.body["results"][0]
    assert reply.body["model"] == reply.body["ranker"] == ranker
    assert reply.body["id"] == reply.headers["x-request-id"]
    assert reply.body["usage"]["total_tokens"] == reply.body["meta"]["tokens"]["input_tokens"] > 0


def test_documents_may_be_objects_and_come_back(edge: RunningService) -> None:
    objects = [{"text": text} for text in DOCUMENTS[:-1]] + [{"title": DOCUMENTS[-1]}]
    body = {"query": QUERY, "documents": objects, "return_documents": True}
    reply = post(edge, "/v1/rerank", body)
    assert shown(reply.body["results"]) == expected(edge)
    for result in reply.body["results"]:
        text = DOCUMENTS[result["index"]]
        # a text beside what came: Cohere's clients read that
        assert result["document"] == {**objects[result["index"]], "text": text}


@pytest.mark.parametrize(
    ("model", "ranker"),
    [(None, PAIRWISE), ("", PAIRWISE), ("ranker", PAIRWISE), ("ernie", PAIRWISE),
     ("rocketqa", CROSS_ENCODER), ("rerank-v3.5", CROSS_ENCODER)],
)  # fmt: skip
def test_names_of_models(edge: RunningService, model: Optional[str], ranker: str) -> None:
    reply = post(edge, "/rerank", {"model": model, "query": "q", "documents": ["a"]})
    assert (reply.status, reply.body["ranker"]) == (200, ranker)
    assert reply.body["model"] == (model or ranker)


def test_an_experiment_is_a_model_too(edge: RunningService) -> None:
    body = {"model": "ab", "query": QUERY, "documents": DOCUMENTS, "unit_id": "tester"}
    reply = post(edge, "/v1/rerank", body)
    assert (reply.body["experiment"], reply.body["variant"]) == ("ab", "b")
    assert reply.body["ranker"] == CROSS_ENCODER
    outside = post(edge, "/v1/rerank", {**body, "unit_id": "somebody"})
    assert (outside.body["experiment"], outside.body["ranker"]) == ("", PAIRWISE)


def test_text_embeddings_inferences_shape(edge: RunningService) -> None:
    body = {"query": QUERY, "texts": DOCUMENTS, "truncate": True, "truncation_direction": "Right"}
    reply = post(edge, "/rerank", body)
    assert isinstance(reply.body, list)
    assert shown(reply.body, "score") == expected(edge)
    raw = post(edge, "/rerank", {**body, "raw_scores": True, "return_text": True}).body
    for result, (index, score) in zip(raw, expected(edge)):
        assert (result["index"], result["text"]) == (index, DOCUMENTS[index])
        assert 1 / (1 + math.exp(-result["score"])) == pytest.approx(score, abs=1e-5)


def test_what_was_cut_is_told_or_refused(edge: RunningService) -> None:
    long = SENTENCES[1] * 20
    body = {"query": QUERY, "documents": [long, "a", long]}
    reply = post(edge, "/v1/rerank", body).body
    assert reply["usage"]["truncated_documents"] == 2
    assert reply["warnings"][0].startswith("2 documents had more tokens")
    divided = post(edge, "/v1/rerank", {**body, "max_chunks_per_doc": 20}).body
    assert divided["usage"]["truncated_documents"] == 0
    assert "warnings" not in divided
    assert divided["usage"]["total_tokens"] > reply["usage"]["total_tokens"]
    strict = post(edge, "/rerank", {"query": QUERY, "texts": [long, "a"], "truncate": False})
    assert strict.status == 413
    assert strict.body["error"].startswith("texts: 1 of 2 texts have more tokens")
    assert (strict.body["error_type"], strict.body["field"]) == ("Validation", "texts")
    strict = post(edge, "/rerank", {"query": QUERY, "documents": [long], "truncation": False})
    assert (strict.status, strict.body["error"]["field"]) == (413, "documents")


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        (b"{", 400, "malformed_request", "body"),
        (b"[]", 400, "malformed_request", "body"),
        (b'{"query": NaN}', 400, "malformed_request", "body"),
        (b'{"query": "\xff"}', 400, "malformed_request", "body"),
        (b"[" * 50_000, 400, "malformed_request", "body"),
        ({"query": "q", "documents": ["a"], "texts": ["a"]}, 400, "malformed_request", "texts"),
        ({}, 422, "invalid_field", "query"),
        ({"query": "q"}, 422, "invalid_field", "documents"),
        ({"query": "", "documents": ["a"]}, 422, "invalid_field", "query"),
        ({"query": "q", "documents": "a"}, 422, "invalid_field", "documents"),
        ({"query": "q", "documents": []}, 422, "invalid_field", "documents"),
        ({"query": "q", "documents": ["a", 7]}, 422, "invalid_field", "documents[1]"),
        ({"query": "q", "documents": [{"body": "a"}]}, 422, "invalid_field", "documents[0]"),
        ({"query": "q", "documents": ["\ud800"]}, 422, "invalid_field", "documents[0]"),
        ({"query": "q", "documents": ["a"], "top_n": "1"}, 422, "invalid_field", "top_n"),
        ({"query": "q", "documents": ["a"], "top_k": True}, 422, "invalid_field", "top_k"),
        ({"query": "q", "texts": ["a"], "top_n": 1.5}, 422, "invalid_field", "top_n"),
        ({"query": "q", "texts": ["a"], "model": "gpt"}, 404, "unknown_service", "model"),
        ({"query": "q", "documents": ["a"], "model": 7}, 422, "invalid_field", "model"),
        ({"query": "q", "documents": ["a"], "model": "gpt"}, 404, "unknown_service", "model"),
        ({"query": "q", "documents": ["a"], "model": "both"}, 404, "unknown_service", "model"),
        ({"query": "q", "texts": [1]}, 422, "invalid_field", "texts[0]"),
        ({"query": "q", "texts": []}, 422, "invalid_field", "texts"),
        ({"query": "q", "texts": ["a"], "truncate": "yes"}, 422, "invalid_field", "truncate"),
        ({"query": "q", "documents": ["a"] * 501}, 413, "too_large", "documents"),
        (b" " * 300_000, 413, "too_large", "body"),
    ],
)
def test_what_is_wrong_is_named(
    edge: RunningService, body: Any, status: int, code: str, field: str
) -> None:
    reply = post(edge, "/v1/rerank", body)
    error = reply.body["error"] if isinstance(reply.body["error"], dict) else reply.body
    assert (reply.status, error["code"], error["field"]) == (status, code, field)
    assert error["message"]
    assert post(edge, "/rerank", {"query": "q", "documents": ["a"]}).status == 200


@pytest.mark.parametrize("path", ["/", *PATHS])
def test_text_embeddings_inference_has_the_root_too(edge: RunningService, path: str) -> None:
    reply = post(edge, path, {"query": QUERY, "texts": DOCUMENTS})
    assert shown(reply.body, "score") == expected(edge)


def test_each_client_finds_its_reason(edge: RunningService) -> None:
    wrong = post(edge, "/v1/rerank", {"query": "q", "documents": ["a", 7]}).body
    assert wrong["message"].startswith("documents[1]: must be a string")
    assert wrong["detail"][0]["loc"] == ["body", "documents", 1]
    unknown = post(edge, "/v1/rerank", {"query": "q", "documents": ["a"], "model": "gpt"}).body
    assert unknown["detail"] == unknown["message"]
    tei = post(edge, "/rerank", {"query": "", "texts": ["a"]})
    assert (tei.status, tei.body["error_type"]) == (422, "Validation")
    assert tei.body["error"] == "query: must not be empty"


def test_shapes_of_infinity_and_voyage(edge: RunningService) -> None:
    body = {"query": QUERY, "documents": DOCUMENTS, "return_documents": True}
    infinity = post(
        edge, "/rerank", {**body, "raw_scores": False, "model": "default/not-specified"}
    )
    assert infinity.body["object"] == "rerank"
    best = infinity.body["results"][0]
    assert best["document"] == DOCUMENTS[best["index"]]
    voyage = post(edge, "/v1/rerank", {**body, "top_k": 2}).body
    assert (voyage["object"], len(voyage["data"])) == ("list", 2)
    assert voyage["data"][0]["document"] == best["document"]
    both = post(edge, "/v1/rerank", {**body, "top_k": 2, "top_n": 2})
    assert (both.status, both.body["field"]) == (422, "top_k")
    assert both.body["detail"] == both.body["error"]


def test_more_chunks_than_there_are_means_all(edge: RunningService) -> None:
    body = {"query": QUERY, "documents": [SENTENCES[1] * 20], "max_chunks_per_doc": 1024}
    reply = post(edge, "/v1/rerank", {**body, "overlap_tokens": 80})
    assert (reply.status, reply.body["usage"]["truncated"]) == (200, [])
    for wrong in (0, "many", True):
        refused = post(edge, "/v1/rerank", {**body, "max_chunks_per_doc": wrong})
        assert (refused.status, refused.body["error"]["field"]) == (422, "max_chunks_per_doc")


@pytest.mark.parametrize("texts", ["documents", "texts"])
def test_headers_say_who_answered(edge: RunningService, texts: str) -> None:
    plain = post(edge, "/rerank", {"query": QUERY, texts: DOCUMENTS})
    assert plain.headers["x-ranker"] == PAIRWISE
    assert plain.headers["x-bundle"]
    assert "x-variant" not in plain.headers
    body = {"query": QUERY, texts: DOCUMENTS, "unit_id": "tester"}
    routed = post(edge, "/rerank", body)
    names = ["x-ranker", "x-experiment", "x-variant"]
    assert [routed.headers[name] for name in names] == [CROSS_ENCODER, "ab", "b"]


def test_an_error_once_routed_says_who_was_asked(edge: RunningService) -> None:
    body = {"query": QUERY, "texts": [SENTENCES[1] * 20], "truncate": False, "unit_id": "tester"}
    reply = post(edge, "/rerank", body)
    assert (reply.status, reply.headers["x-variant"]) == (413, "b")


def test_what_was_refused_for_being_cut_is_no_answer_in_the_figures(edge: RunningService) -> None:
    def answered() -> float:
        lines = httpx.get(f"{edge.url}/v1/traffic", timeout=30).json()["lines"]
        return sum(line["answered"] for line in lines)

    before = answered()
    body = {"query": QUERY, "documents": [SENTENCES[1] * 20], "truncation": False}
    assert post(edge, "/rerank", body).status == 413
    assert answered() == before


@pytest.mark.parametrize("host", ["a/x", "a?b", "[", ""])
def test_no_host_header_confuses_the_path(edge: RunningService, host: str) -> None:
    reply = post(edge, "/v1/rerank", {"query": "q", "documents": ["a"]}, host=host)
    assert (reply.status, reply.body["meta"]["api_version"]["version"]) == (200, "1")


def test_both_rankers_make_no_one_list(edge: RunningService) -> None:
    body = {"query": "q", "documents": ["a"]}
    reply = post(edge, "/rerank", body, **{"x-ranker": "both"})
    assert (reply.status, reply.body["error"]["field"]) == (422, "x-ranker")
    assert "/ranker/prediction" in reply.body["error"]["message"]
    assert post(edge, "/rerank", {**body, "model": PAIRWISE}, **{"x-ranker": "both"}).status == 200


@pytest.mark.parametrize("path", [*PATHS, "/ranker/prediction"])
def test_the_callers_request_id_comes_back_on_refusals(edge: RunningService, path: str) -> None:
    for body, status in ((b" " * 300_000, 413), (b"{", 400), ({"query": "", "documents": []}, 422)):
        reply = post(edge, path, body, **{"x-request-id": "mine-3"})
        assert (reply.status, reply.headers["x-request-id"]) == (status, "mine-3")
    reply = post(edge, path, b"{", **{"x-request-id": "not mine"})
    assert "x-request-id" not in reply.headers


def test_headers_in_and_out(edge: RunningService) -> None:
    body = {"query": "q", "documents": ["a"]}
    named = post(edge, "/rerank", body, **{"x-request-id": "mine-1", "x-ranker": CROSS_ENCODER})
    assert (named.body["id"], named.headers["x-request-id"]) == ("mine-1", "mine-1")
    assert named.body["ranker"] == CROSS_ENCODER
    assert (
        post(edge, "/rerank", {**body, "model": PAIRWISE}, **{"x-ranker": CROSS_ENCODER}).body[
            "ranker"
        ]
        == PAIRWISE
    ), "the body wins"
    wrong = post(edge, "/rerank", body, **{"x-request-id": "a b"})
    assert (wrong.status, wrong.body["error"]["field"]) == (422, "x-request-id")
    for value in ("soon", "0", "-5", "nan", "1e99"):
        wrong = post(edge, "/rerank", body, **{"x-timeout-ms": value})
        assert (wrong.status, wrong.body["error"]["field"]) == (422, "x-timeout-ms")
    late = post(edge, "/rerank", {**body, "documents": ["a"] * 500}, **{"x-timeout-ms": "0.01"})
    assert (late.status, late.body["error"]["code"]) == (504, "deadline_exceeded")
    assert late.headers["x-request-id"]


def test_the_gateways_path_takes_the_headers_too(edge: RunningService) -> None:
    body = {"query": "q", "documents": ["a"]}
    reply = post(edge, "/ranker/prediction", body, **{"x-request-id": "mine-2"})
    assert reply.headers["x-request-id"] == "mine-2"
    assert "mine-2" in reply.body["value"]
    late = post(
        edge, "/ranker/prediction", {**body, "documents": ["b"] * 500}, **{"x-timeout-ms": "0.01"}
    )
    assert late.status == 504


def test_who_hangs_up_takes_the_rows_along(edge: RunningService) -> None:
    dropped = 'ranking_dropped_rows_total{ranker="pairwise"}'
    before = scrape(edge.url).get(dropped, 0.0)
    documents = [f"{i} {SENTENCES[i % 7]}" for i in range(500)]
    body = json.dumps({"query": QUERY, "documents": documents}).encode()
    address = urlsplit(edge.url)
    deadline = time.monotonic() + 30
    while scrape(edge.url).get(dropped, 0.0) == before and time.monotonic() < deadline:
        with socket.create_connection((address.hostname, address.port)) as connection:
            head = f"POST /rerank HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + body)
            time.sleep(0.03)
        time.sleep(0.3)
    assert scrape(edge.url)[dropped] > before
    assert post(edge, "/rerank", {"query": "q", "documents": ["a"]}).status == 200


def test_what_is_served_is_listed(edge: RunningService) -> None:
    models = httpx.get(f"{edge.url}/v1/models").json()
    assert models["object"] == "list"
    assert [m["id"] for m in models["data"]] == [PAIRWISE, CROSS_ENCODER, "ab"]
    info = httpx.get(f"{edge.url}/info").json()
    assert info["model_id"] == PAIRWISE
    assert info["max_client_batch_size"] == info["limits"]["max_documents"] == 500
    assert [b["version"] for b in info["bundles"]] == [m["bundle"] for m in models["data"][:2]]
    assert info["experiments"] == ["ab"]


def test_another_method_is_refused(edge: RunningService) -> None:
    assert httpx.get(f"{edge.url}/v1/rerank").status_code == 405


def test_a_key_among_many_that_stands_twice_is_found_at_once(edge: RunningService) -> None:
    names = [f'"k{i}": 1' for i in range(12_000)]
    body = ("{" + ", ".join([*names, names[-1]]) + "}").encode()
    for path in ("/rerank", "/feedback", "/ranker/prediction"):
        start = time.monotonic()
        assert post(edge, path, body).status == 400
        assert time.monotonic() - start < 10
