# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Tensor clients whose peer hangs, hangs up, is overloaded or is another kind: a clear error."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable

import pytest

from child_services import tensor_process
from child_services.tensor_process import TensorProcess
from clients.tensor.client import TensorClient
from clients.tensor_http_client import TensorHttpClient
from clients.tensor_rpc_client import TensorRpcClient
from contract.errors import (
    DeadlineExceeded,
    InvalidField,
    Overloaded,
    RankingError,
    ServiceError,
    ShuttingDown,
    UnknownService,
)
from contract.rankers import PAIRWISE
from contract.wire.caller_errors import Unreachable, UnreadableAnswer
from tests.clients.peers import Serve, answer, garbage, hang, hang_up, trickle

TIMEOUT_S = 0.5
Connect = Callable[[str], TensorClient]


def http(endpoint: str) -> TensorClient:
    return TensorHttpClient(endpoint, timeout_s=TIMEOUT_S)


def grpc(endpoint: str) -> TensorClient:
    return TensorRpcClient(endpoint, timeout_s=TIMEOUT_S)


def baidu_std(endpoint: str) -> TensorClient:
    return TensorRpcClient(endpoint, timeout_s=TIMEOUT_S, protocol="baidu_std")


each_transport = pytest.mark.parametrize("connect", [http, grpc, baidu_std])


@each_transport
def test_a_service_that_hangs_is_given_up_in_time(connect: Connect, serve: Serve) -> None:
    with connect(f"127.0.0.1:{serve(hang)}") as client:
        start = time.monotonic()
        with pytest.raises(DeadlineExceeded, match=r"127\.0\.0\.1:\d+: no answer within 0\.\d+ s"):
            client.rank("q", ["t"])
        assert time.monotonic() - start >= TIMEOUT_S * 0.9


@pytest.mark.parametrize("connect", [http, baidu_std])
def test_an_answer_that_trickles_is_given_up_too(connect: Connect, serve: Serve) -> None:
    port = serve(trickle if connect is http else trickling_baidu_std)
    with connect(f"127.0.0.1:{port}") as client, pytest.raises(DeadlineExceeded):
        client.rank("q", ["t"])


def trickling_baidu_std(connection: socket.socket, stop: threading.Event) -> None:
    connection.recv(65536)
    connection.sendall(b"PRPC" + (1000).to_bytes(4, "big") + (10).to_bytes(4, "big"))
    while not stop.wait(0.1):
        try:
            connection.sendall(b" ")
        except OSError:
            return


@each_transport
def test_nobody_listening_names_the_address_and_the_remedy(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with connect(f"127.0.0.1:{port}") as client, pytest.raises(Unreachable) as caught:
        client.rank("q", ["t"])
    assert f"127.0.0.1:{port}" in str(caught.value)
    assert "is the tensor service running there?" in str(caught.value)


@each_transport
@pytest.mark.parametrize("behaviour", [hang_up, garbage, answer("200 OK", b"<html>")])
def test_a_peer_of_another_kind_is_the_services_fault(
    connect: Connect, behaviour: Callable[..., None], serve: Serve
) -> None:
    port = serve(behaviour)
    said = pytest.raises(ServiceError, match=rf"127\.0\.0\.1:{port}: .*is th")
    with connect(f"127.0.0.1:{port}") as client, said:
        client.rank("q", ["t"])


@pytest.mark.parametrize("wire", ["json", "proto"])
@pytest.mark.parametrize("kind", ["text/html", "application/json", "application/proto"])
def test_a_body_that_is_no_response_shows_its_status_and_start(
    wire: str, kind: str, serve: Serve
) -> None:
    port = serve(answer("502 Bad Gateway", b"\xff<html>", kind))
    client = TensorHttpClient(f"127.0.0.1:{port}", wire=wire)
    with client, pytest.raises(UnreadableAnswer, match=f"127.0.0.1:{port}: HTTP 502.*<html>"):
        client.rank("q", ["t"])


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        # upstream's server answers 200 to everything
        ("200 OK", {"err_no": -5100, "err_msg": "input_ids: is wrong"}, InvalidField),
        ("429 Too Many Requests", {"err_no": -5000, "err_msg": "is wrong"}, Overloaded),
        ("503 Service Unavailable", {"err_no": -5000, "err_msg": "is wrong"}, ShuttingDown),
        ("404 Not Found", {"detail": "Not Found"}, UnknownService),
    ],
)
def test_an_error_in_an_answer_becomes_its_class(
    status: str, body: dict[str, Any], kind: type[Exception], serve: Serve
) -> None:
    port = serve(answer(status, json.dumps(body).encode(), "application/json; charset=utf-8"))
    client = TensorHttpClient(f"127.0.0.1:{port}", wire="json")
    with client, pytest.raises(kind, match=body.get("err_msg")):
        client.rank("q", ["t"])


def test_the_service_is_told_how_long_to_try(serve: Serve) -> None:
    received: list[bytes] = []

    def listen(connection: socket.socket, stop: threading.Event) -> None:
        connection.settimeout(TIMEOUT_S)
        received.append(connection.recv(65536))

    with http(f"127.0.0.1:{serve(listen)}") as client, pytest.raises(RankingError):
        client.rank("q", ["t"])
    (milliseconds,) = re.findall(rb"(?i)x-timeout-ms: (\d+)\r\n", received[0])
    assert 0 < int(milliseconds) <= TIMEOUT_S * 1000
    with baidu_std(f"127.0.0.1:{serve(listen)}") as client, pytest.raises(RankingError):
        client.rank("q", ["t"])
    meta_size = int.from_bytes(received[1][8:12], "big")
    # field 8 of the request's meta, two bytes of varint
    assert re.search(rb"\x40[\x80-\xff][\x01-\x03]", received[1][12 : 12 + meta_size])


@pytest.mark.usefixtures("tensor_program")
@each_transport
def test_a_service_that_restarts_is_found_again(
    connect: Connect,
    models: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def start() -> TensorProcess:
        return TensorProcess(models / PAIRWISE, tmp_path_factory.mktemp("service"))

    with start() as service:
        client = connect(f"127.0.0.1:{service.port}")
        client.timeout_s = 30.0
        expected = client.rank("感冒", ["多喝水"]).scores
    monkeypatch.setattr(tensor_process, "free_port", lambda: service.port)
    with client:
        with pytest.raises(Unreachable):
            client.rank("感冒", ["多喝水"])
        with start():
            assert client.rank("感冒", ["多喝水"]).scores == expected


@pytest.mark.usefixtures("tensor_program")
@each_transport
def test_too_much_work_is_overload_and_the_service_stays(
    connect: Connect, models: Path, tmp_path: Path
) -> None:
    """A queue that takes one request at a time, and many that come at once."""
    flags = ("--pad_dynamic", "--runtime_thread_num", "1", "--queue_tokens", "1")
    flags += ("--queue_floor", "0", "--queue_factor", "1")
    service = TensorProcess(models / PAIRWISE, tmp_path, *flags)
    with service, connect(f"127.0.0.1:{service.port}") as client:
        client.timeout_s = 60.0

        def rank(number: int) -> str:
            try:
                client.rank("感冒", ["多喝水" * 60] * 50)
                return "scores"
            except Overloaded as error:
                return str(error)

        with ThreadPoolExecutor(8) as pool:
            got = list(pool.map(rank, range(24)))
        assert "scores" in got
        assert any("the queue is full" in text for text in got)
        assert client.rank("感冒", ["多喝水"]).scores
