# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Requests of the Open Inference Protocol, with JSON and with binary tensors."""

from __future__ import annotations

import json
import struct
from typing import Any

from tests.golden_answers.calls import Http
from tests.golden_answers.texts import DOCUMENTS, QUERY, get, post

INFER = "/v2/models/pairwise/infer"
_LENGTH = "Inference-Header-Content-Length"
_IDS = [[1, 40, 41, 2, 42, 43, 2], [1, 40, 41, 2, 44, 2, 0]]
_TYPES = [[0, 0, 0, 0, 1, 1, 1], [0, 0, 0, 0, 1, 1, 0]]


def _texts(name: str, values: list[Any], **fields: Any) -> dict[str, Any]:
    return {"name": name, "datatype": "BYTES", "shape": [len(values)], "data": values, **fields}


def _rows(name: str, rows: list[list[int]], **fields: Any) -> dict[str, Any]:
    shape = [len(rows), len(rows[0])]
    return {"name": name, "datatype": "INT64", "shape": shape, "data": rows, **fields}


_Q, _T = _texts("query", [QUERY]), _texts("title", DOCUMENTS)
_TEXTS = [_Q, _T]
_TOKENS = [_rows("input_ids", _IDS), _rows("token_type_ids", _TYPES)]
_GOOD: dict[str, dict[str, Any]] = {
    "texts": {"inputs": _TEXTS},
    "made id": {"id": None, "inputs": _TEXTS},
    "documents": {"inputs": [_Q, _texts("documents", DOCUMENTS[:2])]},
    "a query for each": {"inputs": [_texts("query", [QUERY, "感冒"]), _texts("title", ["a", ""])]},
    "texts of shape n, 1": {"inputs": [_Q, {**_texts("title", [["a"], ["b"]]), "shape": [2, 1]}]},
    "tokens": {"inputs": _TOKENS},
    "tokens in one list": {
        "inputs": [{**t, "data": [*t["data"][0], *t["data"][1]]} for t in _TOKENS]
    },
    "output by name": {"inputs": _TEXTS, "outputs": [{"name": "predict"}]},
    "both outputs": {"inputs": _TEXTS, "outputs": [{"name": "score"}, {"name": "predict"}]},
    "binary output": {"inputs": _TEXTS, "parameters": {"binary_data_output": True}},
    "one binary output": {
        "inputs": _TEXTS,
        "outputs": [{"name": "score", "parameters": {"binary_data": True}}, {"name": "predict"}],
    },
}
_WRONG: dict[str, dict[str, Any]] = {
    "no inputs": {},
    "inputs is an object": {"inputs": {}},
    "an input is a number": {"inputs": [1]},
    "no title": {"inputs": [_Q]},
    "an input twice": {"inputs": [_Q, _Q]},
    "unknown input": {"inputs": [_Q, _texts("text", ["a"])]},
    "unknown field": {"inputs": _TEXTS, "input": 1},
    "unknown field of an input": {"inputs": [{**_Q, "x": 1}]},
    "name is a number": {"inputs": [{**_Q, "name": 1}]},
    "FP32": {"inputs": [{**_Q, "datatype": "FP32"}]},
    "query of numbers": {"inputs": [{**_rows("query", _IDS)}, _T]},
    "no shape": {"inputs": [{**_Q, "shape": None}]},
    "shape of three": {"inputs": [{**_Q, "shape": [1, 1, 1]}]},
    "another shape": {"inputs": [_Q, {**_T, "shape": [2]}]},
    "data is a text": {"inputs": [{**_Q, "data": "a"}]},
    "data holds a number": {"inputs": [_texts("query", [1])]},
    "rows of other lengths": {"inputs": [{**_TOKENS[0], "data": [[1], [1, 2]]}]},
    "tokens of 65 bits": {"inputs": [{**_rows("input_ids", [[2**64]])}]},
    "tokens of other shapes": {"inputs": [_TOKENS[0], _rows("token_type_ids", [[0]])]},
    "token over the vocabulary": {
        "inputs": [_rows("input_ids", [[1, 99999, 2]]), _rows("token_type_ids", [[0, 0, 0]])]
    },
    "tokens with a hole": {
        "inputs": [_rows("input_ids", [[1, 0, 2]]), _rows("token_type_ids", [[0, 0, 0]])]
    },
    "a negative type": {
        "inputs": [_rows("input_ids", [[1, 40, 2]]), _rows("token_type_ids", [[0, -1, 0]])]
    },
    "a row too long": {
        "inputs": [_rows("input_ids", [[1] * 65]), _rows("token_type_ids", [[0] * 65])]
    },
    "too many texts": {"inputs": [_Q, _texts("title", ["a"] * 21)]},
    "three queries of five": {"inputs": [_texts("query", ["a"] * 3), _T]},
    "empty query": {"inputs": [_texts("query", [""]), _T]},
    "unknown output": {"inputs": _TEXTS, "outputs": [{"name": "logits"}]},
    "an output twice": {"inputs": _TEXTS, "outputs": [{"name": "score"}, {"name": "score"}]},
    "classification": {
        "inputs": _TEXTS,
        "outputs": [{"name": "score", "parameters": {"classification": 1}}],
    },
    "binary_data_output is a number": {
        "inputs": _TEXTS,
        "parameters": {"binary_data_output": 1},
    },
    "id with a space": {"id": "a b", "inputs": _TEXTS},
}


def http_calls(version: str) -> list[Http]:
    """All of them; ``version`` is that of the pair-wise ranker's bundle."""
    versioned = f"/v2/models/pairwise/versions/{version}"
    good = {"id": "v2-1", "inputs": _TEXTS}
    return [
        *(post(INFER, name, {"id": "v2-1", **body}) for name, body in _GOOD.items()),
        *(post(INFER, name, body) for name, body in _WRONG.items()),
        *(post(f"/v2/models/{name}/infer", "texts", good)
          for name in ("cross_encoder", "rocketqa", "rerank-v3.5", "ranker", "gpt", "both")),
        post(f"{versioned}/infer", "texts", good),
        post("/v2/models/pairwise/versions/0/infer", "unknown version", good),
        post(INFER, "half an object", b"{"),
        post(INFER, "too large", b" " * 20_001),
        post(INFER, "gzip", good, {"Content-Encoding": "gzip"}),
        post(INFER, "header: request id", {"inputs": _TEXTS}, {"x-request-id": "mine-4"}),
        post(INFER, "header: no time at all", good, {"x-timeout-ms": "0.001"}),
        *_binary(),
        *(get(path) for path in (
            "/v2", "/v2/health/live", "/v2/health/ready", "/v2/models/pairwise",
            "/v2/models/rerank-v3.5", "/v2/models/gpt", versioned, f"{versioned}/ready",
            "/v2/models/pairwise/versions/0", "/v2/models/cross_encoder/ready",
            "/v2/models/gpt/ready", "/v2/models/pairwise/stats",
        )),
        Http("wrong method", "GET", INFER),
        Http("wrong method", "POST", "/v2", b"{}"),
    ]  # fmt: skip


def _binary() -> list[Http]:
    """The binary tensor data extension."""
    query, title = (_bytes([QUERY.encode()]), _bytes([t.encode() for t in DOCUMENTS]))
    ids = struct.pack("<14q", *_IDS[0], *_IDS[1])
    types = struct.pack("<14q", *_TYPES[0], *_TYPES[1])
    texts = [_sized(_Q, query), _sized(_T, title)]
    wanted = {"parameters": {"binary_data_output": True}}
    return [
        _framed("binary texts", {"id": "v2-2", "inputs": texts}, query + title),
        _framed("binary both ways", {"id": "v2-2", "inputs": texts, **wanted}, query + title),
        _framed(
            "binary tokens",
            {"id": "v2-2", "inputs": [_sized(_TOKENS[0], ids), _sized(_TOKENS[1], types)]},
            ids + types,
        ),
        _framed("bytes left over", {"inputs": texts}, query + title + b"x"),
        _framed("bytes missing", {"inputs": texts}, query),
        _framed("data and size", {"inputs": [{**_Q, "parameters": {"binary_data_size": 1}}]}, b"x"),
        _framed(
            "size of another shape", {"inputs": [_sized(_TOKENS[0], b"12345678")]}, b"12345678"
        ),
        _framed("text not UTF-8", {"inputs": [_sized(_Q, b"12345")]}, _bytes([b"\xff"])),
        _framed("text ends too late", {"inputs": [_sized(_Q, b"1234")]}, b"\x09\0\0\0"),
        post(INFER, "length is no number", b"{}", {_LENGTH: "x"}),
        post(INFER, "length over the body", b"{}", {_LENGTH: "3"}),
    ]


def _bytes(values: list[bytes]) -> bytes:
    return b"".join(struct.pack("<I", len(value)) + value for value in values)


def _sized(tensor: dict[str, Any], data: bytes) -> dict[str, Any]:
    fields = {name: value for name, value in tensor.items() if name != "data"}
    return {**fields, "parameters": {"binary_data_size": len(data)}}


def _framed(name: str, body: dict[str, Any], rest: bytes) -> Http:
    text = json.dumps(body, ensure_ascii=False).encode()
    return post(INFER, name, text + rest, {_LENGTH: str(len(text))})
