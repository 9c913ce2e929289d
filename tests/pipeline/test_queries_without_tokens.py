# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A query of characters that no ranker reads is refused, and named, on every path."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from child_services.running_service import RunningService
from tests.bundles import SENTENCES
from tests.pipeline.calls import gateway_body, http_call, rank, rpc_call

UNREAD = ["\u200b", "\ufeff", "\x00", "\u202e", "\u0301", "\u200d" * 9_000]
TITLES = [SENTENCES[1], SENTENCES[3]]
SAID = "has no text that a ranker reads"


def post(service: RunningService, path: str, body: Any) -> tuple[int, str]:
    reply = httpx.post(f"{service.url}{path}", json=body, timeout=60)
    return reply.status_code, reply.text


def texts(name: str, values: list[str]) -> dict[str, Any]:
    return {"name": name, "shape": [len(values)], "datatype": "BYTES", "data": values}


@pytest.mark.parametrize("query", UNREAD, ids=lambda query: ascii(query[:1]))
def test_it_is_422_and_named(service: RunningService, query: str) -> None:
    for fields in ({"documents": TITLES}, {"documents": TITLES, "max_chunks_per_doc": 4}):
        reply = rank(service.url, query=query, ranker="both", **fields)
        assert (reply.status, reply.err_no) == (422, 5000)
        assert reply.err_msg.startswith(f"query: {SAID}")
    reply = rpc_call(service.endpoint, {"query": query, "documents": json.dumps(TITLES)})
    assert (reply.err_no, reply.err_msg.split(";")[0][: len(SAID) + 7]) == (5000, f"query: {SAID}")
    pairs = [{"query": q, "title": "a"} for q in (SENTENCES[0], query)]
    fields = {str(number): json.dumps(pair) for number, pair in enumerate(pairs)}
    for reply in (
        rpc_call(service.endpoint, fields),
        http_call(service.url, "/ranker/prediction", gateway_body(fields)),
    ):
        assert (reply.err_no, reply.fields) == (5000, {})
        assert reply.err_msg.startswith(f"1.query: {SAID}")
    for body in ({"documents": TITLES}, {"texts": TITLES}):
        status, text = post(service, "/v1/rerank", {"query": query, **body})
        assert status == 422
        assert SAID in text and '"query"' in text
    for queries, named in (([query], "query[0]"), ([SENTENCES[0], query], "query[1]")):
        inputs = [texts("query", queries), texts("title", TITLES)]
        status, text = post(service, "/v2/models/pairwise/infer", {"inputs": inputs})
        assert status == 422
        assert json.loads(text)["error"].startswith(f"{named}: {SAID}")


def test_a_document_of_them_is_ranked_and_said(service: RunningService) -> None:
    answer = rank(service.url, query=SENTENCES[0], documents=[TITLES[0], "\u200b", ""])
    assert answer.err_no == 0
    assert len(answer.decoded("predict")) == 3
    (said,) = answer.decoded("warnings")
    assert said.startswith("2 documents have no token: nothing, or only spaces and characters")
    assert answer.decoded("usage")["truncated"] == []
