# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Pages of other origins and names of strangers are refused; programs and the own page are not."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Optional
from urllib.parse import urlsplit

import httpx
import pytest

from child_services.running_service import RunningService
from contract.errors import ConfigError
from pipeline.settings.service import load_config
from tests.services import running_service

BODY = json.dumps({"query": "q", "documents": ["a"]}).encode()
JSON = {"content-type": "application/json"}
PLAIN = {"content-type": "text/plain;charset=UTF-8"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
FIREFOX = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/128.0"}
EVIL = {"origin": "https://evil.example.com"}
CROSS = {**EVIL, "sec-fetch-site": "cross-site", **FIREFOX}
ROUTES = ["/feedback", "/rerank", "/", "/ranker/prediction", "/v1/interleave",
          "/v2/models/pairwise/infer", "/v1/assignments", "/feedback/"]  # fmt: skip


@pytest.fixture(scope="module")
def named(bundles: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service that lists its names and the origins of pages that may call."""
    http = {
        "allowed_hosts": ["rank.example.com", "*.shops.example.com"],
        "cors_origins": ["https://shop.example.com"],
    }
    with running_service(bundles, tmp_path_factory.mktemp("named"), http=http) as service:
        yield service


def status(
    service: RunningService,
    headers: dict[str, str],
    path: str = "/rerank",
    method: str = "POST",
) -> int:
    content = BODY if method == "POST" else None
    response = httpx.request(
        method, f"{service.url}{path}", content=content, headers=headers, timeout=30
    )
    return response.status_code


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("kind", [PLAIN, FORM, JSON, {}])
@pytest.mark.parametrize(
    "page",
    [
        CROSS,
        EVIL,
        {"origin": "null", "sec-fetch-site": "cross-site"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": "http://127.0.0.1:1"},
        {"origin": "http://127.0.0.1:1"},
        {"referer": "https://evil.example.com/page", **FIREFOX},
    ],
)
def test_a_page_of_another_origin_posts_nothing(
    service: RunningService, path: str, kind: dict[str, str], page: dict[str, str]
) -> None:
    response = httpx.post(
        f"{service.url}{path}", content=BODY, headers={**kind, **page}, timeout=30
    )
    assert (response.status_code, response.json()["err_no"]) == (403, 5000)
    assert response.json()["err_msg"].startswith("origin: ")
    assert "http.cors_origins" in response.json()["err_msg"]


def test_the_services_own_page_posts_json(service: RunningService) -> None:
    origin = {"origin": service.url}
    assert status(service, {**JSON, **origin, **FIREFOX}) == 200
    assert status(service, {**JSON, **origin, "sec-fetch-site": "same-origin"}) == 200
    assert status(service, {"content-type": "application/vnd.x+json", **origin}) == 200
    for kind in (PLAIN, FORM, {}):
        assert status(service, {**kind, **origin}) == 415
        assert status(service, {**kind, "sec-fetch-site": "same-origin"}) == 415


@pytest.mark.parametrize("kind", [PLAIN, FORM, JSON, {}])
@pytest.mark.parametrize(
    "agent", ["curl/8.5.0", "python-requests/2.32", "node", "Mozilla/5.0 WindowsPowerShell/5.1"]
)
def test_programs_say_nothing_of_pages(
    service: RunningService, kind: dict[str, str], agent: str
) -> None:
    assert status(service, {**kind, "user-agent": agent}) == 200
    if agent != "Mozilla/5.0 WindowsPowerShell/5.1":
        # Node's fetch sends this one, whoever calls it
        sent = {**kind, "user-agent": agent, "sec-fetch-mode": "cors", "host": "rank.example.com"}
        assert status(service, sent) == 200


@pytest.mark.parametrize(
    ("forwarded", "host", "expected"),
    [
        ("rank.example.com", "ranker:8088", 200),
        ("rank.example.com:443, inner", "ranker:8088", 200),
        ("other.example.com", "ranker:8088", 403),
        (None, "ranker:8088", 403),
    ],
)
def test_a_proxy_says_by_which_name_it_was_asked(
    service: RunningService, forwarded: Optional[str], host: str, expected: int
) -> None:
    sent = {**JSON, "origin": "https://rank.example.com", "host": host}
    if forwarded:
        sent["x-forwarded-host"] = forwarded
    assert status(service, sent) == expected
    # browsers that say it themselves need no proxy's word
    assert status(service, {**sent, "sec-fetch-site": "same-origin"}) == 200


def test_a_proxy_may_leave_out_the_port(service: RunningService) -> None:
    page = {**JSON, "origin": "http://ranker:8443"}
    assert status(service, {**page, "host": "ranker"}) == 200
    assert status(service, {**page, "host": "ranker:8443"}) == 200
    assert status(service, {**page, "host": "ranker:8088"}) == 403


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:8088", "10.1.2.3", "[::1]:8088", "localhost:8088", "LOCALHOST", "a.localhost",
     "ranker", "ranker:8088", "ranker.default.svc", "ranker.default.svc.cluster.local.",
     "box.lan", "box.home.arpa", "rank.corp.internal"],
)  # fmt: skip
def test_browsers_may_use_names_that_no_stranger_can_own(
    service: RunningService, host: str
) -> None:
    for path in ("/", "/v1/traffic", "/docs"):
        assert status(service, {**FIREFOX, "host": host}, path, "GET") == 200
    assert status(service, {**JSON, "origin": f"http://{host}", "host": host}) == 200


@pytest.mark.parametrize(
    "host", ["evil.example.com:8088", "rebound.evil.io", "127.0.0.1.evil.io", "localhost.evil.io"]
)
def test_a_strangers_name_is_refused_to_browsers(service: RunningService, host: str) -> None:
    """DNS rebinding: to the browser all of it is one origin."""
    for sign in (FIREFOX, {"sec-fetch-site": "same-origin"}, {"referer": f"http://{host}/"}):
        for path in ("/", "/v1/traffic", "/metrics", "/info", "/openapi.json"):
            response = httpx.get(f"{service.url}{path}", headers={**sign, "host": host}, timeout=30)
            assert response.status_code == 403
            assert "http.allowed_hosts" in response.json()["err_msg"]
        assert status(service, {**sign, **JSON, "origin": f"http://{host}", "host": host}) == 403
        for path in ("/health", "/ready", "/v2/health/ready"):
            assert status(service, {**sign, "host": host}, path, "GET") == 200
    # a program that reaches the service by some name is not led by a page
    assert status(service, {"host": host}) == 200


def test_names_that_are_listed(named: RunningService) -> None:
    for host in ("rank.example.com", "RANK.example.com:443", "a.shops.example.com", "127.0.0.1"):
        assert status(named, {"host": host}) == 200
        assert status(named, {**FIREFOX, "host": host}, "/", "GET") == 200
        assert status(named, {**JSON, "origin": f"https://{host}", "host": host}) == 200
    for host in ("example.com", "shops.example.com", "xrank.example.com", "ranker"):
        assert status(named, {"host": host}) == 403
        assert status(named, {"host": host}, "/health", "GET") == 403


def test_origins_that_are_listed(named: RunningService) -> None:
    page = {**JSON, "origin": "https://shop.example.com", "sec-fetch-site": "cross-site"}
    sent = {**page, "host": "rank.example.com"}
    response = httpx.post(f"{named.url}/rerank", content=BODY, headers=sent, timeout=30)
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == "https://shop.example.com"
    wrong = httpx.post(f"{named.url}/rerank", content=BODY, headers={**sent, **PLAIN}, timeout=30)
    assert (wrong.status_code, wrong.json()["err_msg"][:12]) == (415, "content-type")
    assert wrong.headers["access-control-allow-origin"] == "https://shop.example.com"
    assert status(named, {**sent, "origin": "https://evil.example.com"}) == 403


def test_keys_and_all_origins_make_it_needless(
    bundles: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    http = {"cors_origins": ["*"]}
    with running_service(bundles, tmp_path_factory.mktemp("all"), http=http) as service:
        assert status(service, {**CROSS, **JSON, "host": "rank.example.com"}) == 200


@pytest.mark.parametrize("hosts", ["", "Host: a\r\nHost: a\r\n"])
def test_there_is_one_host(service: RunningService, hosts: str) -> None:
    address = urlsplit(service.url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        connection.sendall(f"GET /health HTTP/1.1\r\n{hosts}\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 400 ")


def test_http_1_0_needs_none(service: RunningService) -> None:
    """Load balancers check with it; a browser does not speak it."""
    address = urlsplit(service.url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        connection.sendall(b"GET /health HTTP/1.0\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("host", ["https://a.example", "a.example:80", "a/b", "*.*.a", ""])
def test_a_name_that_is_none_stops_the_start(tmp_path: Path, host: str) -> None:
    path = tmp_path / "config_nlp.yml"
    op = "{ernie: {local_service_conf: {model_config: m}}}"
    http = json.dumps({"allowed_hosts": ["a.example", host]})
    path.write_text(f"rpc_port: 8089\nop: {op}\nhttp: {http}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"http\.allowed_hosts\[1\]: must be a name") as caught:
        load_config(path)
    assert "rank.example.com" in str(caught.value)
