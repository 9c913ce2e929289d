# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The C++ service answers texts as the Pipeline does.

Alike are status, header fields and every byte, but for times, ids and the last digits of scores,
which batches of another shape may change.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

import pytest

from contract.rankers import CROSS_ENCODER
from tests.general_model_service.text_cases import (
    BARE,
    BODY,
    DOCUMENTS,
    EXTRA_FIELDS,
    HEADERS,
    LENGTHS,
    NEARLY_JSON,
    OBJECTS,
    OF_THE_GATEWAY,
    ONE,
    PAIR,
    TEXTS,
    wire,
)
from tests.general_model_service.twins import Body, Twins, twins
from tests.pipeline.edges.http import test_rerank as rerank
from tests.pipeline.edges.http import test_rerank_documents as documents
from tests.pipeline.edges.http.test_client_requests import CASES


@pytest.fixture(scope="module", params=[CROSS_ENCODER])
def both(
    request: pytest.FixtureRequest,
    tensor_program: Path,
    bundles: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Twins]:
    with twins(bundles, request.param, tmp_path_factory.mktemp("twins")) as running:
        yield running


def check(
    both: Twins,
    path: str,
    body: Optional[Body] = None,
    method: str = "POST",
    **headers: str,
) -> int:
    pipeline, program = both.ask(path, body, headers, method)
    assert program._replace(numbers=[]) == pipeline._replace(numbers=[])
    assert program.numbers == pytest.approx(pipeline.numbers, abs=1e-5)
    return program.status


def parameters_of(test: Any) -> list[Any]:
    """The rows of the one decorator that a test has."""
    (mark,) = (mark for mark in test.pytestmark if mark.name == "parametrize")
    return list(mark.args[1])


@pytest.mark.parametrize("name", CASES)
def test_what_real_clients_send(both: Twins, name: str) -> None:
    assert check(both, CASES[name]["path"], CASES[name]["body"]) == 200


@pytest.mark.parametrize("row", parameters_of(rerank.test_what_is_wrong_is_named))
def test_what_the_pipeline_refuses(both: Twins, row: tuple[Any, ...]) -> None:
    # the limits of that test are lower
    body = (
        {"query": "q", "documents": ["a"] * 1001}
        if row[2:] == ("too_large", "documents")
        else row[0]
    )
    assert check(both, "/v1/rerank", body) >= 400


@pytest.mark.parametrize("row", parameters_of(documents.test_what_cannot_be_ranked_is_named))
def test_objects_that_cannot_be_ranked(both: Twins, row: tuple[Any, ...]) -> None:
    body = {"query": documents.QUERY, "documents": documents.PAPERS, **row[0]}
    assert check(both, "/v1/rerank", body) == row[1]


@pytest.mark.parametrize(
    "fields",
    OBJECTS,
)
def test_objects(both: Twins, fields: dict[str, Any]) -> None:
    body = {"query": documents.QUERY, "documents": documents.PAPERS, **fields}
    assert check(both, "/rerank", body) == 200


@pytest.mark.parametrize(
    "document",
    ['{"text": "a", "b": "\\ud800"}', '{"text": "a", "b": 1e999}', '{"text": "a", "\\udfff": 1}'],
)
@pytest.mark.parametrize("returned", ["true", "false"])
def test_what_no_answer_can_hold(both: Twins, document: str, returned: str) -> None:
    body = f'{{"query": "q", "documents": [{document}], "return_documents": {returned}}}'
    check(both, "/v1/rerank", body.encode())


@pytest.mark.parametrize("path", ["/", "/rerank", "/v1/rerank", "/v2/rerank", "/rerank/"])
@pytest.mark.parametrize("body", [BODY, BARE])
def test_each_path(both: Twins, path: str, body: Body) -> None:
    assert check(both, path, body) == 200


@pytest.mark.parametrize("shape", [BODY, BARE])
@pytest.mark.parametrize(
    "extra",
    EXTRA_FIELDS,
)
def test_each_field(both: Twins, shape: dict[str, Any], extra: dict[str, Any]) -> None:
    check(both, "/rerank", {**shape, **extra})


@pytest.mark.parametrize(
    "extra",
    LENGTHS,
)
@pytest.mark.parametrize("name", ["documents", "texts"])
@pytest.mark.parametrize(
    ("query", "texts"),
    TEXTS,
)
def test_texts_that_are_cut_or_empty(
    both: Twins, query: str, texts: list[str], name: str, extra: dict[str, Any]
) -> None:
    check(both, "/rerank", {"query": query, name: texts, **extra})


@pytest.mark.parametrize(
    "headers",
    HEADERS,
)
@pytest.mark.parametrize("path", ["/rerank", "/ranker/prediction"])
def test_header_fields(both: Twins, headers: dict[str, str], path: str) -> None:
    content = json.dumps(ONE).encode()
    check(both, path, content, **headers)
    check(both, path, b"{", **headers)
    check(both, path, json.dumps({**ONE, "query": ""}).encode(), **headers)


@pytest.mark.parametrize(
    "body",
    NEARLY_JSON,
)
@pytest.mark.parametrize("path", ["/rerank", "/ranker/prediction"])
def test_bodies_that_are_nearly_json(both: Twins, path: str, body: bytes) -> None:
    check(both, path, body)


@pytest.mark.parametrize(
    "body",
    OF_THE_GATEWAY,
)
@pytest.mark.parametrize("service", ["ranker", "rocketqa"])
def test_the_gateways_path(both: Twins, service: str, body: dict[str, Any]) -> None:
    check(both, f"/{service}/prediction", body)


@pytest.mark.parametrize("service", ["ernie", "nobody", "feedback2"])
def test_a_service_that_is_not_there(both: Twins, service: str) -> None:
    assert check(both, f"/{service}/prediction", BODY) == 404


@pytest.mark.parametrize("path", ["/rerank", "/v1/rerank", "/ranker/prediction"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_another_method(both: Twins, path: str, method: str) -> None:
    assert check(both, path, method=method) == 405


def test_another_method_than_get(both: Twins) -> None:
    assert check(both, "/info", {}) == 405
    assert check(both, "/v1/models", {}, method="PUT") == 405


def test_a_deadline_that_passes(both: Twins) -> None:
    body = {"query": "q", "documents": ["a b c"] * 500, "request_id": "late"}
    for path in ("/rerank", "/ranker/prediction"):
        assert check(both, path, body, **{"x-timeout-ms": "0.01"}) == 504


def test_what_is_served(both: Twins) -> None:
    assert check(both, "/v1/models", method="GET") == 200
    pipeline, program = (client.get("/info").json() for client in both)
    # what has no meaning there, or other figures
    for left_out in ("max_concurrent_requests", "version"):
        del pipeline[left_out]
    limits = program.pop("limits")
    assert limits.pop("max_body_bytes") == 64 * 1024 * 1024
    assert limits.items() <= pipeline.pop("limits").items()
    assert program == pipeline


def test_feedback_is_refused_by_name(both: Twins) -> None:
    response = both.program.post("/feedback/prediction", json={})
    assert response.status_code == 404
    assert "feedback is kept by a service of config_nlp.yml" in response.json()["err_msg"]


def test_a_timeline_is_refused_by_name(both: Twins) -> None:
    body = wire(**{"0": PAIR, "pipeline.profile": "1"})
    response = both.program.post("/ranker/prediction", json=body)
    assert response.status_code == 422
    assert response.json()["err_msg"].startswith("pipeline.profile: no timeline")


def test_texts_are_counted(both: Twins) -> None:
    def counted() -> dict[str, float]:
        lines = both.program.get("/metrics").text.splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if line.startswith("tensor_service_text_"))
        return {name: float(value) for name, value in pairs}

    before = counted()
    assert both.program.post("/rerank", json=BODY).status_code == 200
    grown = {name: value - before[name] for name, value in counted().items()}
    assert grown == {
        "tensor_service_text_requests_total": 1.0,
        "tensor_service_text_documents_total": float(len(DOCUMENTS)),
    }
