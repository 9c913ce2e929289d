# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A refusal before the body has been read reaches its caller, however that one sends."""

from __future__ import annotations

import hashlib
import http.client
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest

from tests.pipeline.launch import Launched
from tests.services import small_config

SIZE = 30 * 1024 * 1024
PIECE = bytes(1024 * 1024)
MOST_BODY = 1_000_000
# on this machine alone; a second is for who is slow
PAUSE_S = 0.02


class Service(NamedTuple):
    url: str
    host: str
    port: int


class Refused(NamedTuple):
    status: int
    path: str
    headers: dict[str, str]


KEY = {"x-api-key": "the-key"}
CASES = [
    Refused(401, "/rerank", {}),
    Refused(401, "/feedback", {}),
    Refused(401, "/v2/models/pairwise/infer", {}),
    Refused(403, "/rerank", {"host": "stranger.example.com", **KEY}),
    Refused(404, "/no/such/path", KEY),
    Refused(405, "/health", KEY),
    Refused(413, "/rerank", KEY),
    Refused(413, "/v1/interleave", KEY),
    Refused(429, "/rerank", {"x-api-key": "the-slow-key"}),
]
# one of each layer that refuses
SOME = [CASES[0], CASES[3], CASES[5], CASES[6]]


@pytest.fixture(scope="module")
def service(bundles: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """With keys, one of them used up, and names of its own."""
    config = small_config(bundles)
    config["limits"] = {"max_body_bytes": MOST_BODY, "max_delay_ms": 0}
    config["http"] = {
        "api_keys": [
            {"name": "one", "sha256": hashlib.sha256(b"the-key").hexdigest()},
            {
                "name": "slow",
                "sha256": hashlib.sha256(b"the-slow-key").hexdigest(),
                "requests_per_minute": 1,
            },
        ],
        "allowed_hosts": ["rank.example.com"],
    }
    with Launched(config, tmp_path_factory.mktemp("refusing")) as launched:
        launched.wait_ready()
        url = f"http://127.0.0.1:{config['http_port']}"
        address = urlsplit(url)
        assert address.hostname and address.port
        yield Service(url, address.hostname, address.port)


@pytest.fixture(autouse=True)
def _used_up(service: Service) -> None:
    headers = {"x-api-key": "the-slow-key"}
    httpx.post(f"{service.url}/rerank", json={}, headers=headers, timeout=30)


def pieces(pause_s: float) -> Iterator[bytes]:
    for _ in range(SIZE // len(PIECE)):
        yield PIECE
        time.sleep(pause_s)


@pytest.mark.parametrize("pause_s", [0.0, PAUSE_S])
@pytest.mark.parametrize("close", [True, False])
@pytest.mark.parametrize("case", CASES)
def test_http_client_finds_the_answer(
    service: Service, case: Refused, close: bool, pause_s: float
) -> None:
    """It sends all of the body before it reads, as urllib and requests do; urllib says close."""
    connection = http.client.HTTPConnection(service.host, service.port, timeout=30)
    headers = {"content-length": str(SIZE), **case.headers}
    if close:
        headers["connection"] = "close"
    connection.request("POST", case.path, body=pieces(pause_s), headers=headers)
    response = connection.getresponse()
    assert (response.status, len(response.read()) > 20) == (case.status, True)
    connection.close()


@pytest.mark.parametrize("case", CASES)
def test_httpx_finds_the_answer(service: Service, case: Refused) -> None:
    with httpx.Client(timeout=30) as client:
        for headers in (case.headers, {**case.headers, "connection": "close"}):
            url = f"{service.url}{case.path}"
            for content in (pieces(0.0), pieces(PAUSE_S), PIECE * 30):
                response = client.post(url, content=content, headers=headers)
                assert response.status_code == case.status
                assert len(response.content) > 20


def head_of(service: Service, case: Refused, version: str = "1.1", **headers: str) -> bytes:
    sent = {"host": f"{service.host}:{service.port}", "content-length": str(SIZE), **case.headers}
    sent.update({name.replace("_", "-"): value for name, value in headers.items()})
    lines = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
    return f"POST {case.path} HTTP/{version}\r\n{lines}\r\n".encode()


def answer_on(connection: socket.socket) -> bytes:
    """All that comes until the service ends the connection, which a reset is not."""
    answer = b""
    while part := connection.recv(65536):
        answer += part
    return answer


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("case", CASES)
def test_a_socket_that_sends_all_reads_all(service: Service, case: Refused, version: str) -> None:
    with socket.create_connection((service.host, service.port), timeout=30) as connection:
        connection.sendall(head_of(service, case, version, connection="close"))
        for piece in pieces(PAUSE_S):
            connection.sendall(piece)
        answer = answer_on(connection)
    assert answer.startswith(f"HTTP/1.1 {case.status} ".encode())
    assert answer.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("case", SOME)
def test_who_waits_for_100_is_told_at_once(service: Service, case: Refused) -> None:
    with socket.create_connection((service.host, service.port), timeout=30) as connection:
        connection.sendall(head_of(service, case, expect="100-continue"))
        answer = answer_on(connection)
    assert answer.startswith(f"HTTP/1.1 {case.status} ".encode())
    assert b"100 Continue" not in answer
    assert b"connection: close" in answer.lower()


@pytest.mark.parametrize("case", SOME)
def test_who_does_not_wait_for_its_100_reads_the_answer(service: Service, case: Refused) -> None:
    with socket.create_connection((service.host, service.port), timeout=30) as connection:
        connection.sendall(head_of(service, case, expect="100-continue"))
        for piece in pieces(0.0):
            connection.sendall(piece)
        assert answer_on(connection).startswith(f"HTTP/1.1 {case.status} ".encode())


def test_who_is_let_in_is_told_to_continue(service: Service) -> None:
    body = b'{"query": "q", "documents": ["a"]}'
    case = Refused(200, "/rerank", KEY)
    head = head_of(service, case, expect="100-continue", content_length=str(len(body)))
    with socket.create_connection((service.host, service.port), timeout=30) as connection:
        connection.sendall(head)
        assert connection.recv(100).startswith(b"HTTP/1.1 100 Continue")
        connection.sendall(body)
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("case", CASES)
def test_the_connection_goes_on_behind_a_body_of_known_length(
    service: Service, case: Refused
) -> None:
    connection = http.client.HTTPConnection(service.host, service.port, timeout=30)
    for size in (10, 100_000, SIZE):
        body = bytes(size)
        connection.request("POST", case.path, body=body, headers=case.headers)
        response = connection.getresponse()
        assert response.read()
        if response.getheader("connection") == "close":
            assert case.status == 413
            connection.close()
            continue
        used = connection.sock
        connection.request("GET", "/health", headers={"host": "127.0.0.1"})
        assert connection.getresponse().read()
        assert connection.sock is used
    connection.close()


def test_bodies_without_a_length_are_answered_and_the_connection_ends(service: Service) -> None:
    for case in SOME:
        with socket.create_connection((service.host, service.port), timeout=30) as connection:
            head = head_of(service, case).replace(
                f"content-length: {SIZE}".encode(), b"transfer-encoding: chunked"
            )
            connection.sendall(head)
            for piece in pieces(0.0):
                connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
            connection.sendall(b"0\r\n\r\n")
            answer = answer_on(connection)
        assert answer.startswith(f"HTTP/1.1 {case.status} ".encode())
        assert b"connection: close" in answer.lower()


def test_what_is_thrown_away_is_bounded(service: Service) -> None:
    """A sender without end is let go, and holds nobody up."""
    case: Any = CASES[0]
    head = head_of(service, case, content_length=str(1 << 40))
    sent = 0
    with socket.create_connection((service.host, service.port), timeout=30) as connection:
        connection.sendall(head)
        with pytest.raises(OSError):
            while sent < 1 << 30:
                connection.sendall(PIECE)
                sent += len(PIECE)
    assert 64 * 1024 * 1024 <= sent < 128 * 1024 * 1024
    assert httpx.get(f"{service.url}/health", timeout=30).status_code == 200
