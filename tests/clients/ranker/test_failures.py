# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Peers that hang, refuse, hang up or answer something else: each a clear error, in time."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Callable

import grpc
import pytest

from clients.http_client import HttpRankerClient
from clients.ranker.key_value_client import KeyValueRankerClient
from clients.ranker.pipeline_wire import INFERENCE
from clients.rpc_client import RpcRankerClient
from contract.errors import DeadlineExceeded, InvalidField, Overloaded, ServiceError, UnknownService
from contract.wire.caller_errors import Unreachable, UnreadableAnswer
from tests.clients.peers import Behaviour, Serve, answer, garbage, hang, hang_up, trickle

TIMEOUT_S = 0.5


def rpc(port: int) -> KeyValueRankerClient:
    return RpcRankerClient(f"127.0.0.1:{port}", timeout_s=TIMEOUT_S)


def http(port: int) -> KeyValueRankerClient:
    return HttpRankerClient(f"http://127.0.0.1:{port}", timeout_s=TIMEOUT_S)


both_transports = pytest.mark.parametrize("connect", [rpc, http])
Connect = Callable[[int], KeyValueRankerClient]


@both_transports
def test_a_server_that_hangs_is_given_up_in_time(connect: Connect, serve: Serve) -> None:
    with connect(serve(hang)) as client:
        start = time.monotonic()
        with pytest.raises(DeadlineExceeded, match=r"127\.0\.0\.1:\d+: no answer within 0\.5 s"):
            client.rank("q", ["t"])
        assert time.monotonic() - start >= TIMEOUT_S


def test_an_answer_that_trickles_is_given_up_too(serve: Serve) -> None:
    with http(serve(trickle)) as client, pytest.raises(DeadlineExceeded):
        client.rank("q", ["t"])


@both_transports
def test_nobody_listening_names_the_address_and_the_remedy(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with connect(port) as client, pytest.raises(Unreachable) as caught:
        client.rank("q", ["t"])
    assert f"127.0.0.1:{port}" in str(caught.value)
    assert "is the service running" in str(caught.value)


@both_transports
@pytest.mark.parametrize("behaviour", [hang_up, garbage])
def test_a_peer_of_another_kind_is_the_services_fault(
    connect: Connect, behaviour: Behaviour, serve: Serve
) -> None:
    port = serve(behaviour)
    with connect(port) as client, pytest.raises(ServiceError, match=f"127.0.0.1:{port}"):
        client.rank("q", ["t"])


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("502 Bad Gateway", b"<html>bad gateway</html>"),
        ("200 OK", b""),
        ("200 OK", b"[1, 2]"),
        ("404 Not Found", b'{"detail": "Not Found"}'),
        ("200 OK", b"\xff\xfe"),
        ("200 OK", b"[" * 100_000),
    ],
)
def test_an_answer_that_is_not_the_services_json_shows_its_status(
    status: str, body: bytes, serve: Serve
) -> None:
    port = serve(answer(status, body))
    with http(port) as client, pytest.raises(UnreadableAnswer, match=f"HTTP {status[:3]}"):
        client.rank("q", ["t"])


@pytest.mark.parametrize(
    ("status", "err_no", "kind"),
    [("404 Not Found", 3002, UnknownService), ("429 Too Many Requests", 51, Overloaded)],
)
def test_an_error_body_becomes_its_class(
    status: str, err_no: int, kind: type[Exception], serve: Serve
) -> None:
    body = b'{"err_no": %d, "err_msg": "why", "key": [], "value": [], "tensors": []}' % err_no
    with http(serve(answer(status, body))) as client, pytest.raises(kind, match="why"):
        client.rank("q", ["t"])


def test_a_python_expression_in_an_answer_is_never_run(serve: Serve) -> None:
    body = b'{"err_no": 0, "err_msg": "", "key": ["predict"], "value": ["[[1/0]]"]}'
    with http(serve(answer("200 OK", body))) as client, pytest.raises(UnreadableAnswer):
        client.rank("q", ["t"])


def test_a_proxy_for_the_web_is_not_used(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = f"http://127.0.0.1:{serve(answer('502 Bad Gateway', b'proxy'))}"
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "grpc_proxy"):
        monkeypatch.setenv(name, proxy)
    body = b'{"err_no": 51, "err_msg": "full", "key": [], "value": []}'
    with http(serve(answer("429 Too Many Requests", body))) as client, pytest.raises(Overloaded):
        client.rank("q", ["t"])
    with rpc(serve(hang)) as client, pytest.raises(DeadlineExceeded):
        client.rank("q", ["t"])


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8088",
        "ftp://x",
        "http://",
        "http://[",
        "http://a b",
        "http://a:99999",
        "http://a:0",
    ],
)
def test_an_address_that_is_no_url_is_refused_at_once(url: str) -> None:
    with pytest.raises(InvalidField, match="url"):
        HttpRankerClient(url)


@pytest.mark.parametrize("endpoint", ["", "127.0.0.1", "http://127.0.0.1:8089", "h:", ":8089"])
def test_an_address_that_is_no_endpoint_is_refused_at_once(endpoint: str) -> None:
    with pytest.raises(InvalidField, match="endpoint"):
        RpcRankerClient(endpoint)


@pytest.mark.parametrize("timeout_s", [0.0, -1.0, float("nan")])
def test_a_timeout_must_be_positive(timeout_s: float) -> None:
    with pytest.raises(ValueError, match="timeout_s"):
        RpcRankerClient("127.0.0.1:1", timeout_s=timeout_s)


def test_a_service_that_has_too_many_rpc_calls_is_overloaded() -> None:
    """What refuses is the library; what to do is what any overload asks for."""
    busy, done = threading.Event(), threading.Event()

    def wait(_: bytes, __: grpc.ServicerContext) -> bytes:
        busy.set()
        done.wait(30)
        return b""

    handler = grpc.unary_unary_rpc_method_handler(wait)
    service, method = INFERENCE[1:].split("/")
    server = grpc.server(ThreadPoolExecutor(1), maximum_concurrent_rpcs=1)
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(service, {method: handler}),)
    )
    endpoint = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    with RpcRankerClient(endpoint, timeout_s=30) as client, ThreadPoolExecutor(1) as pool:
        first = pool.submit(client.rank, "q", ["t"])
        assert busy.wait(30)
        with pytest.raises(Overloaded, match="try again later"):
            client.rank("q", ["t"])
        done.set()
        assert first.exception(30) is not None, "an empty answer is none"
    server.stop(None).wait()
