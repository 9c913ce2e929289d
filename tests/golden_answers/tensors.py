# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Requests of the C++ tensor service over HTTP, with JSON and with protobuf: good and bad."""

from __future__ import annotations

import gzip
from typing import Any

from tests.golden_answers.calls import Http
from tests.golden_answers.messages import TensorRequest
from tests.golden_answers.texts import encoded, get

PATH = "/GeneralModelService/inference"
_IDS = [[1, 40, 41, 2, 42, 43, 2], [1, 40, 41, 2, 44, 45, 2]]
_TYPES = [[0, 0, 0, 0, 1, 1, 1], [0, 0, 0, 0, 1, 1, 1]]


def _tensor(name: str, rows: list[list[int]], **fields: Any) -> dict[str, Any]:
    data = [number for row in rows for number in row]
    shape = [len(rows), len(rows[0])]
    return {"int64_data": data, "elem_type": 0, "alias_name": name, "shape": shape, **fields}


_INPUTS = [_tensor("input_ids", _IDS), _tensor("token_type_ids", _TYPES)]
_ROWS = [
    _tensor(name, [row])
    for rows in zip(_IDS, _TYPES)
    for name, row in zip(("input_ids", "token_type_ids"), rows)
]
_ASK: dict[str, Any] = {"tensor": _INPUTS, "fetch_var_names": ["predict"], "log_id": 7}
# fields beside those of _ASK; both codecs can carry them
_BOTH: dict[str, dict[str, Any]] = {
    "two rows": {},
    "a tensor for each row": {"tensor": _ROWS},
    "all outputs": {"fetch_var_names": []},
    "logits": {"fetch_var_names": ["logits"]},
    "a large log id": {"log_id": 2**64 - 1},
    "unknown output": {"fetch_var_names": ["typo"]},
    "no tensor": {"tensor": []},
    "one input": {"tensor": _INPUTS[:1]},
    "unknown input": {"tensor": [*_INPUTS, _tensor("position_ids", _IDS)]},
    "another count of rows": {"tensor": [_INPUTS[0], _tensor("token_type_ids", _TYPES[:1])]},
    "another shape": {"tensor": [_INPUTS[0], _tensor("token_type_ids", _TYPES, shape=[2, 6])]},
    "another type": {"tensor": [_INPUTS[0], _tensor("token_type_ids", _TYPES, elem_type=1)]},
    "unknown type": {"tensor": [_INPUTS[0], _tensor("token_type_ids", _TYPES, elem_type=99)]},
    "a negative shape": {"tensor": [_INPUTS[0], _tensor("token_type_ids", _TYPES, shape=[-1, 7])]},
    "token over the vocabulary": {
        "tensor": [_tensor("input_ids", [[1, 99999]]), _tensor("token_type_ids", [[0, 0]])]
    },
}
_BODIES = {
    "no body": b"",
    "half an object": b"{",
    "a list": b"[]",
    "not UTF-8": b'{"\xff": 1}',
    "deep": b"[" * 5000,
    "tensor is a number": b'{"tensor": 1}',
    "log_id is a text": b'{"log_id": "x"}',
}
_JSON, _PROTO = "application/json", "application/proto"


def http_calls() -> list[Http]:
    """All of them."""
    bodies = {name: {**_ASK, **fields} for name, fields in _BOTH.items()}
    body = bodies["two rows"]
    return [
        *(_post(name, encoded(b)) for name, b in bodies.items()),
        *(
            _post(name, TensorRequest(**b).SerializeToString(), _PROTO)
            for name, b in bodies.items()
        ),
        *(_post(name, b) for name, b in _BODIES.items()),
        _post("no message", b"\xff\xff", _PROTO),
        _post("another content type", encoded(body), "text/csv"),
        _post("gzip", gzip.compress(encoded(body), mtime=0), **{"Content-Encoding": "gzip"}),
        _post("another encoding", encoded(body), **{"Content-Encoding": "br"}),
        _post("an hour", encoded(body), **{"x-timeout-ms": "3600000"}),
        _post("no number of ms", encoded(body), **{"x-timeout-ms": "soon"}),
        *(get(path) for path in ("/", "/health", "/ready", "/nothing", PATH)),
        get("/metrics", names_only=True),
        Http("wrong method", "PUT", PATH, b"{}"),
        Http("unknown method", "POST", "/GeneralModelService/typo", b"{}"),
    ]


def _post(name: str, body: bytes, kind: str = _JSON, **headers: str) -> Http:
    told = f"proto: {name}" if kind == _PROTO else name
    return Http(told, "POST", PATH, body, (("Content-Type", kind), *headers.items()))
