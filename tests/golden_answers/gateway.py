# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Requests of the paths that answer in five fields, and the same over RPC: good and bad."""

from __future__ import annotations

from typing import Any

from tests.golden_answers.calls import Http, Raw, Rpc
from tests.golden_answers.messages import INFERENCE
from tests.golden_answers.texts import (
    ASK,
    DOCUMENTS,
    LONG,
    PREDICT,
    QUERY,
    get,
    pairs,
    post,
    rpc,
    wire,
)

ONE = {"query": QUERY, "documents": DOCUMENTS[:1]}
# fields beside those of ASK, good over both transports
OPTIONS: dict[str, dict[str, Any]] = {
    "all documents": {},
    "one document": {"documents": DOCUMENTS[:1]},
    "an empty document": {"documents": ["", DOCUMENTS[0]]},
    "the same document twice": {"documents": [DOCUMENTS[0]] * 2},
    "best two": {"top_n": 2},
    "more than there are": {"top_n": 99},
    "texts back": {"return_documents": True},
    "pairwise": {"ranker": "pairwise"},
    "cross_encoder": {"ranker": "cross_encoder"},
    "both": {"ranker": "both"},
    "best two of both, with texts": {"ranker": "both", "top_n": 2, "return_documents": True},
    "few tokens": {"max_tokens_per_doc": 5},
    "cut": {"documents": [LONG, DOCUMENTS[1]]},
    "chunks": {"documents": [LONG, DOCUMENTS[1]], "max_chunks_per_doc": 4},
    "units": {"unit_id": "u-1", "user_id": "读者"},
    "nulls": {"top_n": None, "ranker": None, "unit_id": None},
}
# good requests with one field made wrong
WRONG: dict[str, dict[str, Any]] = {
    "empty query": {"query": ""},
    "blank query": {"query": " \n"},
    "query is a list": {"query": ["a"]},
    "query too long": {"query": "文" * 201},
    "documents is a text": {"documents": "a"},
    "no documents": {"documents": []},
    "document is a number": {"documents": ["a", 7]},
    "document too long": {"documents": ["a", "长" * 2001]},
    "too many documents": {"documents": ["a"] * 21},
    "unknown field": {"topn": 1},
    "top_n 0": {"top_n": 0},
    "top_n true": {"top_n": True},
    "top_n is a fraction": {"top_n": 1.5},
    "return_documents is a text": {"return_documents": "yes"},
    "unknown ranker": {"ranker": "bm25"},
    "request_id with a space": {"request_id": "a b"},
    "request_id too long": {"request_id": "x" * 129},
    "unit_id with a line break": {"unit_id": "a\nb"},
    "user_id too long": {"user_id": "u" * 257},
    "too many chunks": {"max_chunks_per_doc": 65},
    "no tokens": {"max_tokens_per_doc": 0},
}
# the same for both transports, as they stand on the wire
WRONG_WIRE: dict[str, dict[str, Any]] = {
    "no keys": {"key": [], "value": []},
    "values missing": {"key": ["query", "documents"], "value": ["a"]},
    "a key twice": {"key": ["query", "query"], "value": ["a", "b"]},
    "a gap in the numbers": {"key": ["0", "2"], "value": list(pairs(2).values())},
    "a pair is no object": {"key": ["0"], "value": ["[1]"]},
    "a pair is no literal": {"key": ["0"], "value": ["1+1"]},
    "a pair without title": {"key": ["0"], "value": ['{"query": "a"}']},
    "documents beside pairs": {"key": ["0", "documents"], "value": [pairs(1)["0"], "[]"]},
    "documents are no JSON": {"key": ["query", "documents"], "value": ["a", "b"]},
}
_BODIES = {
    "no body": b"",
    "half an object": b"{",
    "a list": b"[]",
    "NaN": b'{"query": NaN}',
    "not UTF-8": b'{"query": "\xff"}',
    "deep": b"[" * 9000,
    "a key twice": b'{"query": "a", "query": "b"}',
    "a long number": b'{"top_n": ' + b"9" * 40 + b"}",
    "a lone surrogate": b'{"query": "q", "documents": ["\\ud800"]}',
    "too large": b" " * 20_001,
    "without documents": b'{"query": "a"}',
    "without query": b'{"documents": ["a"]}',
}
_HEADERS = {
    "ranker": {"x-ranker": "cross_encoder"},
    "both": {"x-ranker": "both"},
    "unknown ranker": {"x-ranker": "bm25"},
    "request id": {"x-request-id": "mine-1"},
    "bad request id": {"x-request-id": "mine 1"},
    "a dry run": {"x-dry-run": "true"},
    "no dry run": {"x-dry-run": "maybe"},
    "an hour": {"x-timeout-ms": "3600000"},
    "no time at all": {"x-timeout-ms": "0.001"},
    "no number": {"x-timeout-ms": "soon"},
    "negative time": {"x-timeout-ms": "-1"},
    "another content type": {"content-type": "text/plain"},
    "a traceparent": {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
}
_TENSOR = {"name": "query", "elem_type": 12, "str_data": [QUERY]}


def http_calls() -> list[Any]:
    """All over HTTP."""
    return [
        *(post(PREDICT, name, {**ASK, **fields}) for name, fields in OPTIONS.items()),
        *(post(PREDICT, name, {**ASK, **fields}) for name, fields in WRONG.items()),
        *(post(PREDICT, f"wire: {name}", body) for name, body in WRONG_WIRE.items()),
        *(post(PREDICT, name, body) for name, body in _BODIES.items()),
        *(post(PREDICT, f"header: {name}", ONE, headers) for name, headers in _HEADERS.items()),
        *_shapes(),
        *_services(),
        *_elsewhere(),
    ]


def _shapes() -> list[Http]:
    """Those of upstream's gateway, beside the fuller one."""
    fields = wire(ASK)
    numbered = {**pairs(3), "top_n": "2", "ranker": "both", "request_id": "pairs-1"}
    documents = str(DOCUMENTS[:2])
    return [
        post(PREDICT, "wire: fields", fields),
        post(PREDICT, "wire: pairs", wire(pairs(4))),
        post(PREDICT, "wire: pairs and options", wire(numbered)),
        post(PREDICT, "wire: a list of Python", wire({"query": QUERY, "documents": documents})),
        post(PREDICT, "wire: log id", {**fields, "logid": 7, "clientip": "x"}),
        post(PREDICT, "wire: name as in the URL", {**fields, "name": "ranker"}),
        post(PREDICT, "wire: another name", {**fields, "name": "ernie"}),
        post(PREDICT, "wire: another method", {**fields, "method": "infer"}),
        post(PREDICT, "wire: profile asked", wire({**pairs(1), "pipeline.profile": "1"})),
        post(PREDICT, "wire: foreign field", {**fields, "query": "a"}),
        post(PREDICT, "wire: key is no list", {"key": "a", "value": []}),
        post(PREDICT, "tensors", {**wire({"documents": DOCUMENTS}), "tensors": [_TENSOR]}),
        post(PREDICT, "tensors of numbers", {"tensors": [{**_TENSOR, "elem_type": 1}]}),
        post(PREDICT, "tensors of bytes", {"tensors": [{**_TENSOR, "elem_type": 13}]}),
        post(PREDICT, "tensor with a foreign field", {"tensors": [{**_TENSOR, "data": 1}]}),
    ]


def _services() -> list[Http]:
    """By path."""
    found = []
    for service, other in (("ernie", "cross_encoder"), ("rocketqa", "pairwise")):
        path = f"/{service}/prediction"
        found += [
            post(path, "fields", ASK),
            post(path, "pairs", wire(pairs(2))),
            post(path, "its own ranker", {**ASK, "ranker": "pairwise"}),
            post(path, "the other ranker", ONE, {"x-ranker": other}),
        ]
    return found


def _elsewhere() -> list[Any]:
    """What leads nowhere, and feedback where none is kept."""
    head = b"POST /ranker/prediction HTTP/1.1\r\nHost: x\r\n"
    return [
        post("/bm25/prediction", "unknown service", ONE),
        post("/ranker/inference", "unknown method", ONE),
        post("/nowhere", "no such path", ONE),
        post("/ranker/prediction/", "a slash too many", ONE),
        get("/nowhere", "no such path"),
        get(PREDICT, "wrong method"),
        Http("wrong method", "PUT", PREDICT, b"{}"),
        Http("wrong method", "DELETE", "/v1/models"),
        Http("wrong method", "OPTIONS", PREDICT),
        post("/health", "wrong method", {}),
        post("/feedback", "kept nowhere", {"request_id": "r", "clicks": [0]}),
        post("/feedback", "request id missing", {"clicks": [0]}),
        post("/feedback/prediction", "kept nowhere", {"request_id": "r", "clicks": [0]}),
        Raw("no HTTP", "raw", b"HELO\r\n\r\n"),
        Raw("header too large", "raw", head + b"x: " + b"y" * 5000),
        Raw("two lengths", "raw", head + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n"),
        Raw("declared too large", "raw", head + b"Content-Length: 99999\r\n\r\n"),
        Raw("body does not come", "raw", head + b"Content-Length: 99\r\n\r\n{"),
        Raw(
            "chunked",
            "raw",
            head + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        ),
    ]


def rpc_calls() -> list[Rpc]:
    """All over RPC."""
    tensors = [{"name": "query", "elem_type": 12, "str_data": [QUERY]}]
    numbers = [{"name": "query", "elem_type": 1, "int64_data": [1]}]
    plain = {name: {k: v for k, v in f.items() if v is not None} for name, f in OPTIONS.items()}
    return [
        *(rpc(name, {**ASK, **fields}, "ranker") for name, fields in plain.items()),
        *(rpc(name, {**ASK, **fields}) for name, fields in WRONG.items()),
        *(Rpc(f"wire: {name}", fields) for name, fields in WRONG_WIRE.items()),
        rpc("no name", ONE),
        rpc("ernie", ONE, "ernie"),
        rpc("rocketqa", pairs(3), "rocketqa"),
        rpc("the other ranker", {**ONE, "ranker": "pairwise"}, "rocketqa"),
        rpc("unknown service", ONE, "bm25"),
        rpc("another method", ONE, "ranker", method="infer"),
        rpc("a log id", ONE, logid=2**40, clientip="10.0.0.1"),
        rpc("profile asked", {**pairs(1), "pipeline.profile": "1"}),
        rpc("tensors", {"documents": DOCUMENTS}, tensors=tensors),
        rpc("tensors of numbers", {"documents": DOCUMENTS}, tensors=numbers),
        rpc("metadata: ranker", ONE, metadata={"x-ranker": "cross_encoder"}),
        rpc("metadata: unknown ranker", ONE, metadata={"x-ranker": "bm25"}),
        rpc("metadata: request id", ONE, metadata={"x-request-id": "mine-2"}),
        rpc("feedback kept nowhere", {"request_id": "r", "clicks": [0]}, "feedback"),
        Rpc("no message", b"\xff\xff\xff"),
        Rpc("not UTF-8", b"\x0a\x01\xff"),
        Rpc("too large", {"key": ["query"], "value": ["x" * 20_001]}),
        Rpc("empty", b""),
        Rpc("no such method", b"", method=INFERENCE + "s"),
    ]
