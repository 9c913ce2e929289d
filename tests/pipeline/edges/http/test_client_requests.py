# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What real clients send to /rerank is taken, and each finds in the answer what it reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from child_services.running_service import RunningService
from clients.http_client import HttpRankerClient
from contract.rankers import CROSS_ENCODER
from tests.pipeline.edges.http.client_readers import READERS

FOLDER = Path(__file__).parent / "client_requests"
CASES = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))}
BODY = {"query": "q", "documents": ["a", "b", "c"]}
BARE = {"query": "q", "texts": ["a", "b", "c"]}
MARK = b"\xef\xbb\xbf"


def post(service: RunningService, path: str, body: Any) -> httpx.Response:
    return httpx.post(f"{service.url}{path}", json=body, timeout=30)


def warnings_of(response: httpx.Response) -> str:
    answer = response.json()
    if isinstance(answer, list):
        return unquote(response.headers.get("x-warnings", ""))
    return " ".join(answer.get("warnings", []))


@pytest.mark.parametrize("name", CASES)
def test_each_client_finds_what_it_reads(service: RunningService, name: str) -> None:
    case = CASES[name]
    body = case["body"]
    response = post(service, case["path"], body)
    assert response.status_code == 200, response.text
    found = READERS[case["reader"]](response.json(), body)
    texts = [
        one["title"] if isinstance(one, dict) else one
        for one in body.get("documents") or body.get("texts")
    ]
    # who sends no model asks the service's default
    ranker = CROSS_ENCODER if body.get("model") else None
    with HttpRankerClient(service.url) as client:
        ranked = client.rank(body["query"], texts, ranker=ranker)
    expected = [(one.index, one.score) for one in ranked.results]
    asked = body.get("top_n") or body.get("top_k") or 0
    expected = expected[:asked] if asked > 0 else expected
    assert [index for index, _ in found] == [index for index, _ in expected]
    assert [score for _, score in found] == pytest.approx([s for _, s in expected], abs=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_what_was_not_used_is_named_and_nothing_else(service: RunningService, name: str) -> None:
    case = CASES[name]
    said = warnings_of(post(service, case["path"], case["body"]))
    assert said == (f"not used: {', '.join(map(repr, case['warned']))}" if "warned" in case else "")


def test_every_fixture_names_its_source_and_a_reader_that_is_used() -> None:
    assert all(case["source"] for case in CASES.values())
    assert {case["reader"] for case in CASES.values()} == set(READERS)


@pytest.mark.parametrize("path", ["/", "/rerank", "/v1/rerank", "/v2/rerank"])
@pytest.mark.parametrize("body", [BODY, BARE])
def test_all_paths_are_as_lenient(service: RunningService, path: str, body: Any) -> None:
    response = post(service, path, {**body, "topn": 1, "top_n": 0})
    assert response.status_code == 200
    answer = response.json()
    assert len(answer if isinstance(answer, list) else answer["results"]) == 3
    assert warnings_of(response) == "not used: 'topn'"


@pytest.mark.parametrize(("word", "shown"), [("true", True), ("TRUE", True), ("False", False)])
def test_words_stand_for_booleans(service: RunningService, word: str, shown: bool) -> None:
    answer = post(service, "/rerank", {**BODY, "return_documents": word}).json()
    assert ("document" in answer["results"][0]) is shown
    answer = post(service, "/rerank", {**BARE, "return_text": word}).json()
    assert ("text" in answer[0]) is shown
    for other in ("yes", 1, "true "):
        refused = post(service, "/rerank", {**BODY, "return_documents": other})
        assert (refused.status_code, refused.json()["error"]["field"]) == (422, "return_documents")


def test_a_list_of_names_that_is_too_long_is_counted(service: RunningService) -> None:
    body = {**BARE, **{f"未知{i}": i + 1 for i in range(300)}}
    response = post(service, "/rerank", body)
    assert warnings_of(response).startswith("not used: '未知0', '未知1'")
    assert warnings_of(response).endswith("'未知7' and 292 more")
    assert len(response.headers["x-warnings"]) < 3000


def test_a_name_that_is_no_unicode_is_told(service: RunningService) -> None:
    body = b'{"query": "a", "documents": ["b"], "\\ud800": 1}'
    response = httpx.post(f"{service.url}/rerank", content=body, timeout=30)
    assert response.status_code == 200
    assert response.json()["warnings"] == ["not used: '\\ud800'"]


def test_the_services_own_path_stays_strict(service: RunningService) -> None:
    for extra in ({"topn": 1}, {"return_documents": "true"}, {"top_n": 0}):
        assert post(service, "/ranker/prediction", {**BODY, **extra}).status_code == 422


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/rerank", BODY),
        ("/ranker/prediction", BODY),
        ("/v1/assignments", {"unit_id": "u"}),
        ("/v1/interleave", {"orders": [[0, 1], [1, 0]]}),
        (
            "/v2/models/pairwise/infer",
            {"inputs": [{"name": n, "shape": [1], "datatype": "BYTES", "data": ["a"]}
                        for n in ("query", "title")]},
        ),
    ],
)  # fmt: skip
def test_a_byte_order_mark_is_taken(service: RunningService, path: str, body: Any) -> None:
    content = MARK + json.dumps(body).encode()
    assert httpx.post(f"{service.url}{path}", content=content, timeout=30).status_code == 200
    twice = httpx.post(f"{service.url}{path}", content=MARK + content, timeout=30)
    assert twice.status_code == 400


def test_a_byte_order_mark_before_feedback_is_taken(service: RunningService) -> None:
    content = MARK + b'{"request_id": "r", "clicks": [0]}'
    marked = httpx.post(f"{service.url}/feedback", content=content, timeout=30)
    plain = httpx.post(f"{service.url}/feedback", content=content[len(MARK) :], timeout=30)
    assert (marked.status_code, marked.json()) == (plain.status_code, plain.json())
