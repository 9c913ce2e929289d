# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Documents that are objects: which of their fields are ranked, and what of them comes back."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from child_services.running_service import RunningService

QUERY = "牙结石脱落小妙招"
PAPERS = [
    {"id": 7, "title": "怎样预防感冒", "body": "多喝水", "tags": ["感冒", 3]},
    {"id": 8, "title": "去除牙结石小妙招", "body": None, "tags": []},
    {"id": 9.5, "body": "牙结石怎么去除"},
]


def post(service: RunningService, **fields: Any) -> httpx.Response:
    body = {"query": QUERY, "documents": PAPERS, **fields}
    return httpx.post(f"{service.url}/v1/rerank", json=body, timeout=30)


def scores(response: httpx.Response) -> dict[int, Any]:
    assert response.status_code == 200, response.text
    results = response.json()["results"]
    return {one["index"]: pytest.approx(one["relevance_score"], abs=1e-6) for one in results}


@pytest.mark.parametrize(
    ("rank_fields", "texts"),
    [
        (["title", "body"], ["怎样预防感冒\n多喝水", "去除牙结石小妙招", "牙结石怎么去除"]),
        (["body", "title"], ["多喝水\n怎样预防感冒", "去除牙结石小妙招", "牙结石怎么去除"]),
        (["title", "tags", "id"], ["怎样预防感冒\n感冒 3\n7", "去除牙结石小妙招\n8", "9.5"]),
    ],
)
def test_the_named_fields_are_ranked_in_their_order(
    service: RunningService, rank_fields: list[str], texts: list[str]
) -> None:
    found = scores(post(service, rank_fields=rank_fields))
    assert found == scores(post(service, documents=texts))
    assert found != scores(post(service, documents=[text[::-1] for text in texts]))


def test_text_is_not_ranked_where_another_field_is_named(service: RunningService) -> None:
    both = [{"text": "牙结石脱落小妙招", "title": "怎样预防感冒"}, {"text": "a", "title": "牙结石"}]
    named = scores(post(service, documents=both, rank_fields=["title"]))
    assert named == scores(post(service, documents=["怎样预防感冒", "牙结石"]))
    assert named != scores(post(service, documents=both))
    for nothing in ([], None):
        assert scores(post(service, documents=both, rank_fields=nothing)) == scores(
            post(service, documents=both)
        )


def test_an_object_without_any_of_the_fields_is_ranked_as_empty_and_told(
    service: RunningService,
) -> None:
    response = post(service, rank_fields=["title"])
    assert scores(response) == scores(
        post(service, documents=["怎样预防感冒", "去除牙结石小妙招", ""])
    )
    assert response.json()["warnings"] == [
        "1 document has no token: nothing, or only spaces and characters that are not read, "
        "such as U+200B",
        "documents with none of rank_fields, ranked as empty: 2",
    ]
    many = [PAPERS[0], *[{"body": "a"}] * 12]
    said = post(service, rank_fields=["title"], documents=many).json()["warnings"]
    assert said[1:] == [
        "documents with none of rank_fields, ranked as empty: 1, 2, 3, 4, 5, 6, 7, 8 and 4 more"
    ]


def test_texts_may_stand_among_objects(service: RunningService) -> None:
    mixed = ["牙结石", {"title": "怎样预防感冒"}, {"text": None, "title": "去除牙结石小妙招"}]
    texts = ["牙结石", "怎样预防感冒", "去除牙结石小妙招"]
    expected = scores(post(service, documents=texts))
    assert scores(post(service, documents=mixed, rank_fields=["title"])) == expected
    assert scores(post(service, documents=mixed)) == expected


@pytest.mark.parametrize(
    ("fields", "status", "field", "message"),
    [
        ({}, 422, "documents[2]", 'name other fields in rank_fields, such as ["body"]'),
        ({"rank_fields": ["titel", "名"]}, 422, "rank_fields", "has any of 'titel', '名'"),
        ({"documents": [{"a": "b"}, None], "rank_fields": ["a"]}, 422, "documents[1]",
         "must be a string, got NoneType"),
        ({"documents": [], "rank_fields": ["a"]}, 422, "documents", "at least one document"),
        ({"rank_fields": "title"}, 422, "rank_fields", "must be a list of at most 64 names"),
        ({"rank_fields": ["a"] * 65}, 422, "rank_fields", "must be a list of at most 64 names"),
        ({"rank_fields": ["body", "title", "title"]}, 422, "rank_fields",
         "'title' stands twice; name it once"),
        ({"rank_fields": ["title", 7]}, 422, "rank_fields[1]", "must be a string"),
        ({"rank_fields": ["title", ""]}, 422, "rank_fields[1]", "must not be empty"),
        ({"documents": [{"a": {"b": "c"}}], "rank_fields": ["a"]}, 422, "documents[0].a",
         "must be a text, a number or a list of them"),
        ({"documents": [{"a": [["c"]]}], "rank_fields": ["a"]}, 422, "documents[0].a",
         "must be a text, a number or a list of them"),
        ({"documents": [{}]}, 422, "documents[0]", "or an object with text"),
        ({"documents": [{"a": "x" * 60_000, "b": "y" * 60_000}], "rank_fields": ["a", "b"]}, 413,
         "documents[0]", "120001 characters, at most 100000 allowed"),
    ],
)  # fmt: skip
def test_what_cannot_be_ranked_is_named(
    service: RunningService, fields: dict[str, Any], status: int, field: str, message: str
) -> None:
    response = post(service, **fields)
    error = response.json()["error"]
    assert (response.status_code, error["field"]) == (status, field)
    assert message in error["message"]


def test_the_object_that_was_given_comes_back(service: RunningService) -> None:
    response = post(service, rank_fields=["title", "body"], return_documents=True)
    shown = {one["index"]: one["document"] for one in response.json()["results"]}
    texts = ["怎样预防感冒\n多喝水", "去除牙结石小妙招", "牙结石怎么去除"]
    assert shown == {i: {**paper, "text": texts[i]} for i, paper in enumerate(PAPERS)}
    own = [{"text": "自己", "title": "牙结石", "url": "https://a"}]
    named = post(service, documents=own, rank_fields=["title"], return_documents=True)
    assert named.json()["results"][0]["document"] == own[0]


@pytest.mark.parametrize("extra", [{"raw_scores": False}, {"top_k": 3}])
def test_infinitys_and_voyages_clients_read_a_text(
    service: RunningService, extra: dict[str, Any]
) -> None:
    answer = post(service, rank_fields=["title", "body"], return_documents=True, **extra).json()
    results = answer.get("results") or answer["data"]
    assert {one["index"]: one["document"] for one in results}[0] == "怎样预防感冒\n多喝水"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ('{"text": "a", "b": "\\ud800"}', "lone surrogate"),
        ('{"text": "a", "b": 1e999}', "a number out of range"),
        ('{"text": "a", "b": ' + "[" * 900 + "]" * 900 + "}", ""),
    ],
)
def test_what_no_answer_can_hold_is_refused_only_when_it_comes_back(
    service: RunningService, document: str, message: str
) -> None:
    def ask(returned: bool) -> httpx.Response:
        flag = json.dumps(returned)
        body = f'{{"query": "q", "documents": [{document}], "return_documents": {flag}}}'
        return httpx.post(f"{service.url}/v1/rerank", content=body, timeout=30)

    assert ask(False).status_code == 200
    response = ask(True)
    if message or response.status_code != 200:
        assert (response.status_code, response.json()["error"]["field"]) == (422, "documents[0]")
        assert message in response.json()["error"]["message"]
