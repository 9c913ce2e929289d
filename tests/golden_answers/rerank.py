# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Requests of other re-rankers' clients: Cohere's shape with its variants, and TEI's."""

from __future__ import annotations

from typing import Any

from tests.golden_answers.calls import Http
from tests.golden_answers.gateway import WRONG
from tests.golden_answers.texts import ASK, DOCUMENTS, LONG, QUERY, post

PATHS = ("/rerank", "/v1/rerank", "/v2/rerank", "/")
V1 = "/v1/rerank"
TEXTS = {"query": QUERY, "texts": DOCUMENTS}
_OBJECTS = [{"text": DOCUMENTS[0]}, {"title": DOCUMENTS[1]}]
# as each client sends it
_CLIENTS: dict[str, dict[str, Any]] = {
    "cohere": {"model": "rerank-v3.5", "top_n": 3, "max_tokens_per_doc": 4096, "priority": 0},
    "cohere v1": {"documents": _OBJECTS, "rank_fields": ["text"], "return_documents": True,
                  "max_chunks_per_doc": 10},
    "jina": {"model": "pairwise", "top_n": 2, "return_documents": True},
    "infinity": {"model": "default/not-specified", "raw_scores": False, "return_documents": True},
    "infinity, logits": {"raw_scores": True},
    "voyage": {"model": "cross_encoder", "top_k": 2, "return_documents": True, "truncation": True},
    "voyage without top_k": {"top_k": None, "truncation": False},
    "vllm": {"truncate_prompt_tokens": 100, "user": "u", "top_n": 1},
    "xinference": {"model": "rerank-v3.5", "return_documents": False, "max_chunks_per_doc": 1000,
                   "overlap_tokens": 80, "normalize": True},
}  # fmt: skip
_OPTIONS: dict[str, dict[str, Any]] = {
    "one document": {"documents": DOCUMENTS[:1]},
    "an empty document": {"documents": ["", "a"]},
    "model ernie": {"model": "ernie"},
    "model rocketqa": {"model": "rocketqa"},
    "model ranker": {"model": "ranker"},
    "empty model": {"model": ""},
    "made id": {"request_id": None},
    "units": {"unit_id": "u", "user_id": "v"},
    "one cut": {"documents": [LONG, "a"]},
    "two cut": {"documents": [LONG, "a", LONG]},
    "chunks": {"documents": [LONG, "a"], "max_chunks_per_doc": 9},
    "few tokens": {"max_tokens_per_doc": 3, "return_documents": True},
}
_WRONG: dict[str, dict[str, Any]] = {
    **WRONG,
    "document is an object without text": {"documents": [{"body": "a"}]},
    "model is a number": {"model": 7},
    "unknown model": {"model": "gpt"},
    "model both": {"model": "both"},
    "ranker is no field": {"ranker": "pairwise"},
    "texts too": {"texts": ["a"]},
    "top_n and top_k": {"top_n": 1, "top_k": 1},
    "top_k 0": {"top_k": 0},
    "voyage, unknown field": {"top_k": 1, "x": 1},
    "cut though forbidden": {"documents": [LONG], "truncation": False},
    "truncation is a text": {"truncation": "no"},
    "raw_scores is a text": {"raw_scores": "no"},
}
_TEI: dict[str, dict[str, Any]] = {
    "as it is": {},
    "texts back": {"return_text": True},
    "logits": {"raw_scores": True},
    "all options": {"truncate": True, "truncation_direction": "Right", "unit_id": "u"},
    "cut": {"texts": [LONG, "a"], "truncate": None},
    "cut though forbidden": {"texts": [LONG, "a"], "truncate": False},
    "no texts": {"texts": []},
    "a text is a number": {"texts": ["a", 1]},
    "too many texts": {"texts": ["a"] * 21},
    "empty query": {"query": ""},
    "unknown field": {"top_n": 1},
    "truncate is a text": {"truncate": "yes"},
    "cut on the left": {"truncation_direction": "Left"},
    "direction is a number": {"truncation_direction": 1},
}
_BODIES = {
    "no body": b"",
    "half an object": b"{",
    "a list": b"[]",
    "not UTF-8": b'{"query": "\xff"}',
    "an empty object": b"{}",
    "without query": b'{"documents": ["a"]}',
    "too large": b" " * 20_001,
}
_HEADERS = {
    "ranker": {"x-ranker": "cross_encoder"},
    "both": {"x-ranker": "both"},
    "unknown ranker": {"x-ranker": "bm25"},
    "request id": {"x-request-id": "mine-3"},
    "a dry run": {"x-dry-run": "true"},
    "no dry run": {"x-dry-run": "1"},
    "an hour": {"x-timeout-ms": "3600000"},
    "no time at all": {"x-timeout-ms": "0.001"},
    "no number": {"x-timeout-ms": "soon"},
    "a form": {"content-type": "application/x-www-form-urlencoded"},
}


def http_calls() -> list[Http]:
    """All of them."""
    one = {"query": QUERY, "documents": DOCUMENTS[:2]}
    return [
        *(post(path, "as it is", ASK) for path in PATHS),
        *(post(path, f"tei: {name}", {**TEXTS, **_TEI[name]})
          for path in PATHS for name in ("as it is", "texts back")),
        *(post(V1, name, {**ASK, **fields}) for name, fields in (_CLIENTS | _OPTIONS).items()),
        *(post(V1, name, {**ASK, **fields}) for name, fields in _WRONG.items()),
        *(post("/rerank", f"tei: {name}", {**TEXTS, **fields})
          for name, fields in list(_TEI.items())[2:]),
        *(post(V1, name, body) for name, body in _BODIES.items()),
        *(post(V1, f"header: {name}", one, headers) for name, headers in _HEADERS.items()),
        post("/rerank", "tei: header: ranker", TEXTS, {"x-ranker": "cross_encoder"}),
        post("/rerank", "tei: no time at all", TEXTS, {"x-timeout-ms": "0.001"}),
        post("/rerank", "voyage: no time at all", {**one, "top_k": 1}, {"x-timeout-ms": "0.001"}),
        Http("wrong method", "GET", V1),
        Http("wrong method", "PUT", "/", b"{}"),
    ]  # fmt: skip
