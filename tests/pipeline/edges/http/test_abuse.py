# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Hostile requests leave the service healthy; bodies and connections stay within their bounds."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from child_services.running_service import RunningService
from tests.pipeline.edges.http.abuse import LIMITS, abuse, gauges
from tests.pipeline.edges.http.hostile_requests import SLOW_PARTS, Address, slow
from tests.services import running_service
from tests.waiting import wait_until

MOST = 1_000_000
GOOD = {"query": "感冒", "documents": ["感冒灵"]}


@pytest.fixture(scope="module")
def edge(bundles: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    directory = tmp_path_factory.mktemp("abused")
    limits = {
        **LIMITS,
        "max_body_bytes": 600_000,
        "max_body_bytes_in_flight": MOST,
        "max_connections": 60,
    }
    with running_service(bundles, directory, limits=limits) as service:
        yield service


def address_of(edge: RunningService) -> Address:
    parts = urlsplit(edge.url)
    return str(parts.hostname), int(parts.port or 0)


def until_end(connection: socket.socket) -> bytes:
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(65536):
            data += part
    return data


def sending(edge: RunningService, size: int) -> socket.socket:
    """A connection that has sent so much of a body that has one byte more."""
    head = b"POST /rerank HTTP/1.1\r\nhost: a\r\ncontent-length: %d\r\n\r\n" % (size + 1)
    return slow(address_of(edge), head + b" " * size)


def held(edge: RunningService) -> float:
    return gauges(edge.url)["ranking_http_body_bytes"]


def test_a_thousand_hostile_requests(edge: RunningService) -> None:
    assert abuse(edge.url, edge.process.pid, 1000, seed=1) == []


def test_bodies_of_all_requests_are_bounded_together(edge: RunningService) -> None:
    with sending(edge, 500_000) as first, sending(edge, 450_000) as second:
        wait_until(lambda: held(edge) >= 950_000, "both bodies are held")
        body = json.dumps({**GOOD, "documents": ["a" * 90_000]}).encode()
        refused = httpx.post(f"{edge.url}/rerank", content=body, timeout=30)
        assert refused.status_code == 429
        assert refused.json()["error"]["field"] == "body"
        assert refused.headers["retry-after"] == "1"
        assert httpx.post(f"{edge.url}/rerank", json=GOOD, timeout=30).status_code == 200
        # both come to their end in time
        assert b" 408 " in until_end(first)[:20]
        assert b" 408 " in until_end(second)[:20]
    wait_until(lambda: not held(edge), "nothing is held")


def test_a_chunked_body_is_bounded_as_it_comes(edge: RunningService) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(40):
            yield b" " * 10_000

    with sending(edge, 500_000), sending(edge, 400_000):
        wait_until(lambda: held(edge) >= 900_000, "both bodies are held")
        refused = httpx.post(f"{edge.url}/ranker/prediction", content=chunks(), timeout=30)
        assert refused.status_code == 429
        assert refused.json()["err_no"] == 51


@pytest.mark.parametrize("part", SLOW_PARTS, ids=range(len(SLOW_PARTS)))
def test_what_comes_too_slowly_is_ended(edge: RunningService, part: bytes) -> None:
    with slow(address_of(edge), part) as connection:
        answer = until_end(connection)
    body_began = b"{" in part
    assert (b" 408 " in answer[:20]) == body_began
    assert not body_began or b'"code":"body_timeout"' in answer


def test_a_connection_too_many_is_refused_at_once(edge: RunningService) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(slow(address_of(edge), b"P"))
        answer = until_end(stack.enter_context(slow(address_of(edge), b"")))
    assert answer.startswith(b"HTTP/1.1 503 ")
    head, _, content = answer.partition(b"\r\n\r\n")
    assert json.loads(content)["error"]["code"] == "overloaded"
    assert b"Content-Length: %d" % len(content) in head
    with httpx.Client(timeout=30) as client:

        def answers() -> bool:
            with contextlib.suppress(httpx.TransportError):
                return client.post(f"{edge.url}/rerank", json=GOOD).status_code == 200
            return False

        wait_until(answers, "a new connection is served")
