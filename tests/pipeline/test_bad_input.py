# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Every bad request gets one clear error that names the field, and the service goes on."""

from __future__ import annotations

import json
import socket
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from child_services.running_service import RunningService
from tests.pipeline.calls import (
    Reply,
    gateway_body,
    http_call,
    rank,
    rpc_bytes,
    rpc_call,
)
from tests.pipeline.conftest import MAX_BODY_BYTES

PATH = "/ranker/prediction"
LARGE_TITLE = "题" * 1_000_000


@pytest.fixture(autouse=True)
def goes_on(service: RunningService) -> Any:
    """After every bad request a good one is answered."""
    yield
    assert rank(service.url, query="感冒", documents=["感冒灵"]).err_no == 0


class Bad(NamedTuple):
    """Fields of the fuller shape and the error they get."""

    fields: dict[str, Any]
    message: str
    status: int = 422


BAD = {
    "empty query": Bad({"query": "", "documents": ["a"]}, "query: must not be empty"),
    "blank query": Bad({"query": " \n", "documents": ["a"]}, "query: must not be empty"),
    "no documents": Bad({"query": "a", "documents": []}, "documents: must hold at least one"),
    "1001 documents": Bad(
        {"query": "a", "documents": ["b"] * 1001},
        "documents: 1001 documents, at most 1000 allowed",
        413,
    ),
    "large title": Bad(
        {"query": "a", "documents": ["b", LARGE_TITLE]},
        "documents[1]: 1000000 characters, at most 100000 allowed",
        413,
    ),
    "large query": Bad(
        {"query": "q" * 10_001, "documents": ["a"]},
        "query: 10001 characters, at most 10000 allowed",
        413,
    ),
    "no query": Bad({"documents": ["a"]}, "query: missing"),
    "missing documents": Bad({"query": "a"}, "documents: missing"),
    "documents no list": Bad({"query": "a", "documents": "b"}, "documents: "),
    "a number": Bad({"query": "a", "documents": ["b", 3]}, "documents[1]: must be a string"),
    "unknown ranker": Bad(
        {"query": "a", "documents": ["b"], "ranker": "best"}, "ranker: must be one of pairwise"
    ),
    "top_n 0": Bad({"query": "a", "documents": ["b"], "top_n": 0}, "top_n: must be a whole number"),
    "top_n -1": Bad({"query": "a", "documents": ["b"], "top_n": -1}, "top_n: must be a whole"),
    "top_n true": Bad({"query": "a", "documents": ["b"], "top_n": True}, "top_n: must be a whole"),
    "top_n 1.5": Bad({"query": "a", "documents": ["b"], "top_n": 1.5}, "top_n: must be a whole"),
    "unknown field": Bad({"query": "a", "documents": ["b"], "colour": "red"}, "colour: unknown"),
    "request_id": Bad({"query": "a", "documents": ["b"], "request_id": "a b"}, "request_id: must"),
    "surrogate": Bad(
        {"query": "a", "documents": ["\ud800"]}, "documents[0]: holds a lone surrogate"
    ),
}


def wire(fields: dict[str, Any]) -> dict[str, str]:
    """Fields of the fuller shape as strings; text stays as it is."""
    plain = ("query", "ranker", "request_id")
    return {k: v if k in plain else json.dumps(v) for k, v in fields.items()}


@pytest.mark.parametrize("name", BAD)
def test_fuller_shape_over_http(service: RunningService, name: str) -> None:
    bad = BAD[name]
    reply = http_call(service.url, PATH, bad.fields)
    assert (reply.err_no, reply.status, reply.fields) == (5000, bad.status, {})
    assert reply.err_msg.startswith(bad.message)


# on the wire of strings, documents that are no list are no JSON either: another error
@pytest.mark.parametrize("name", sorted(BAD.keys() - {"documents no list"}))
def test_fuller_shape_over_rpc(service: RunningService, name: str) -> None:
    bad = BAD[name]
    reply = rpc_call(service.endpoint, wire(bad.fields))
    assert (reply.err_no, reply.fields) == (5000, {})
    assert reply.err_msg.startswith(bad.message)


PAIRS = {
    "not JSON": ({"0": "{"}, "0: neither JSON nor a Python literal", 400),
    "no object": ({"0": "[1]"}, "0: must be an object with query and title", 400),
    "missing title": ({"0": '{"query": "a"}'}, "0.title: missing", 422),
    "empty query": ({"0": '{"query": "", "title": "a"}'}, "0.query: must not be empty", 422),
    "a gap": ({"1": '{"query": "a", "title": "b"}'}, 'key: keys must be "0"', 400),
    "no keys": ({}, "key: the request has no keys", 400),
    "code": ({"0": "__import__('os').system('true')"}, "0: neither JSON nor a Python", 400),
    "large title": (
        {"0": json.dumps({"query": "a", "title": LARGE_TITLE})},
        "0.title: 1000000 characters, at most 100000 allowed",
        413,
    ),
    "1001 pairs": (
        {str(i): '{"query": "a", "title": "b"}' for i in range(1001)},
        "key: 1001 documents, at most 1000 allowed",
        413,
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_upstreams_shape(service: RunningService, name: str) -> None:
    fields, message, status = PAIRS[name]
    over_http = http_call(service.url, PATH, gateway_body(fields))
    assert (over_http.err_no, over_http.status) == (5000, status)
    over_rpc = rpc_call(service.endpoint, fields)
    for reply in (over_http, over_rpc):
        assert reply.err_no == 5000
        assert reply.err_msg.startswith(message)
        assert len(reply.err_msg) < 300


@pytest.mark.parametrize("name", ["ernix", "Ranker", "pipeline", " ", "ernie "])
def test_wrong_service_name(service: RunningService, name: str) -> None:
    expected = (3002, "Failed to inference: Service name error.", {})
    assert rpc_call(service.endpoint, {"query": "a"}, name=name)[:3] == expected
    reply = http_call(service.url, f"/{name.replace(' ', '%20')}/prediction", b"not even JSON")
    assert (*reply[:3], reply.status) == (*expected, 404)


def test_a_service_of_one_ranker_refuses_the_other(service: RunningService) -> None:
    for asked in ("cross_encoder", "both"):
        reply = rank(service.url, "ernie", query="a", documents=["b"], ranker=asked)
        assert (reply.err_no, reply.status) == (5000, 422)
        assert reply.err_msg == "ranker: the service ernie answers with pairwise only; ask ranker"
    assert rank(service.url, "ernie", query="a", documents=["b"], ranker="pairwise").err_no == 0


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "body: not JSON"),
        (b"{", "body: not JSON"),
        (b"[]", "body: must be a JSON object"),
        (b'{"query": "\xff"}', "body: not UTF-8 at byte 11"),
        (b'{"query": "a", "query": "b", "documents": ["c"]}', "body: not JSON (the key 'query' "),
        (b'{"query": NaN, "documents": ["c"]}', "body: not JSON (NaN is no JSON value)"),
        (b'{"top_n": ' + b"9" * 1_000_000 + b"}", "body: not JSON (a number has 1000000 digits)"),
        (b'{"query": ' * 100_000, "body: nested too deeply"),
        (b'{"key": ["0"], "value": []}', "value: 1 keys but 0 values"),
        (b'{"key": ["0", "0"], "value": ["a", "b"]}', "0: the key stands twice"),
        (b'{"key": "0", "value": ["a"]}', "key: must be a list of strings"),
        (b'{"key": ["0"], "value": [{"query": "a"}]}', "value: must be a list of strings"),
        (b'{"key": ["0"], "value": ["a"], "colour": 1}', "colour: does not go with key and value"),
        (b'{"key": ["0"], "value": ["a"], "name": "ernie"}', "name: must be 'ranker'"),
        (b'{"tensors": [3]}', "tensors[0]: must hold some of name"),
        (b'{"\\ud800": 1, "key": []}', "\\ud800: does not go with"),
    ],
)
def test_bodies_that_are_no_request(service: RunningService, body: bytes, message: str) -> None:
    reply = http_call(service.url, PATH, body)
    assert (reply.err_no, reply.status) == (5000, 400)
    assert reply.err_msg.startswith(message)


def test_a_body_over_the_limit_is_refused_while_it_is_read(service: RunningService) -> None:
    message = (5000, f"body: more than {MAX_BODY_BYTES} bytes", 413)
    body = b"[" * (MAX_BODY_BYTES + 1)
    whole = http_call(service.url, PATH, body)
    assert (whole.err_no, whole.err_msg, whole.status) == message
    assert whole.headers["connection"] == "close"
    fits = http_call(service.url, PATH, b" " * MAX_BODY_BYTES)
    assert fits.status == 400


def test_a_refusal_does_not_wait_for_the_rest_of_the_body(service: RunningService) -> None:
    with socket.create_connection(urlsplit(service.url).netloc.split(":"), timeout=20) as client:
        client.sendall(
            b"POST /ranker/prediction HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n[["
        )
        assert client.recv(12) == b"HTTP/1.1 413"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("POST", "/ranker", 404),
        ("POST", "/ranker/prediction/more", 404),
        ("POST", "/ranker/predict", 404),
        ("GET", "/ranker/prediction", 405),
        ("PUT", "/ranker/prediction", 405),
        ("POST", "/health", 405),
    ],
)
def test_paths_that_are_none(service: RunningService, method: str, path: str, status: int) -> None:
    reply = http_call(service.url, path, b"{}", method=method)
    assert reply.status == status
    assert reply.err_no == (3002 if status == 404 else 5000)
    assert "POST /" in reply.err_msg
    if status == 405:
        assert reply.headers["allow"]


@pytest.mark.parametrize("elem_type", [0, 1, 9, 11, 13, 99])
def test_tensors_that_are_no_strings(service: RunningService, elem_type: int) -> None:
    from paddle_serving_server.pipeline.proto import pipeline_service_pb2 as pb

    tensor = pb.Tensor(name="0", elem_type=elem_type, int64_data=[1], byte_data=b"\x93NUMPY")
    expected = f"0: elem_type {elem_type} is not taken; send strings (elem_type 12)"
    reply = rpc_call(service.endpoint, {}, tensors=[tensor])
    assert (reply.err_no, reply.err_msg) == (5000, expected)
    body = {"tensors": [{"name": "0", "elem_type": elem_type}]}
    over_http = http_call(service.url, PATH, body)
    assert (over_http.err_no, over_http.err_msg, over_http.status) == (5000, expected, 422)


@pytest.mark.parametrize("data", [b"\x12\x02\xff\xfe", b"\xff\xff\xff", b"\x0a\x7f"])
def test_rpc_bytes_that_are_no_request(service: RunningService, data: bytes) -> None:
    reply: Reply = rpc_bytes(service.endpoint, data)
    assert reply.err_no == 5000
    assert reply.err_msg.startswith(
        "request: not a Request message, or a string in it is not UTF-8"
    )


def test_an_rpc_request_over_the_limit_is_refused_by_size(service: RunningService) -> None:
    reply = rpc_call(service.endpoint, {"query": "a", "documents": "[" + " " * 10_000_000})
    assert reply.err_no == 5000
    assert reply.err_msg.startswith("request: 100000")
    assert reply.err_msg.endswith(f"bytes, at most {MAX_BODY_BYTES} allowed")
