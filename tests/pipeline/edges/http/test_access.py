# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Who may call: API keys, their rates and quotas, origins of browsers, TLS."""

from __future__ import annotations

import hashlib
import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Optional
from urllib.parse import urlsplit

import httpx
import pytest

from contract.errors import ConfigError
from pipeline.settings.service import load_config
from tests.certificates import make_certificate
from tests.pipeline.launch import Launched, failure
from tests.services import small_config

BODY = {"query": "q", "documents": ["a"]}
KEYS = {"open": "key-of-open", "slow": "key-of-slow", "small": "秘密", "single": "key-of-single"}


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


@pytest.fixture(scope="module")
def guarded(bundles: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a service with three keys. It is started by hand: the usual wait has no key."""
    directory = tmp_path_factory.mktemp("guarded")
    config = small_config(bundles)
    config["http"] = {
        "api_keys": [
            {"name": "open", "sha256": digest(KEYS["open"])},
            {"name": "slow", "sha256": digest(KEYS["slow"]).upper(), "requests_per_minute": 2},
            {"name": "small", "sha256": digest(KEYS["small"]), "documents_per_day": 5},
            {"name": "single", "sha256": digest(KEYS["single"]), "max_in_flight": 1},
        ],
        "cors_origins": ["https://shop.example"],
    }
    with Launched(config, directory) as launched:
        launched.wait_ready()
        yield f"http://127.0.0.1:{config['http_port']}"


def call(
    url: str, key: Optional[str], path: str = "/rerank", body: Any = BODY, header: str = ""
) -> httpx.Response:
    headers = {}
    if key is not None:
        value = key if header else f"Bearer {key}"
        headers[header or "Authorization"] = value.encode().decode("latin-1")
    encoded = [(k.encode(), v.encode("latin-1")) for k, v in headers.items()]
    return httpx.post(f"{url}{path}", json=body, headers=encoded, timeout=30)


@pytest.mark.parametrize("path", ["/rerank", "/v1/rerank", "/ranker/prediction"])
def test_a_known_key_is_let_in(guarded: str, path: str) -> None:
    assert call(guarded, KEYS["open"], path).status_code == 200
    assert call(guarded, KEYS["open"], path, header="x-api-key").status_code == 200


@pytest.mark.parametrize("path", ["/rerank", "/ranker/prediction", "/feedback"])
@pytest.mark.parametrize("key", [None, "wrong", "key-of-ope", "key-of-open x", "é"])
def test_others_are_not(guarded: str, path: str, key: Optional[str]) -> None:
    response = call(guarded, key, path)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert "Authorization: Bearer" in response.text


@pytest.mark.parametrize("path", ["/rerank", "/ranker/prediction", "/feedback"])
def test_a_stranger_is_refused_before_the_body_is_read(guarded: str, path: str) -> None:
    address = urlsplit(guarded)
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics", "/info", "/v1/models"])
def test_what_operators_read_needs_no_key(guarded: str, path: str) -> None:
    assert httpx.get(f"{guarded}{path}").status_code == 200


def test_a_rate_is_kept_and_says_when_to_come_back(guarded: str) -> None:
    replies = [call(guarded, KEYS["slow"]) for _ in range(4)]
    assert [r.status_code for r in replies[:2]] == [200, 200]
    assert replies[-1].status_code == 429
    assert replies[-1].json()["error"]["code"] == "over_limit"
    assert 1 <= int(replies[-1].headers["Retry-After"]) <= 30
    wire = call(guarded, KEYS["slow"], "/ranker/prediction")
    assert (wire.status_code, wire.json()["err_no"]) == (429, 51)
    assert int(wire.headers["Retry-After"]) >= 1
    assert call(guarded, KEYS["open"]).status_code == 200


def test_a_quota_counts_documents_that_are_ranked(guarded: str) -> None:
    three = {"query": "q", "documents": ["a", "b", "c"]}
    assert call(guarded, KEYS["small"], body={"query": "q", "documents": []}).status_code == 422
    assert call(guarded, KEYS["small"], body=three).status_code == 200
    over = call(guarded, KEYS["small"], body=three)
    assert over.status_code == 429
    assert "2 are left of today" in over.json()["error"]["message"]
    assert 0 < int(over.headers["Retry-After"]) <= 86_400
    assert call(guarded, KEYS["small"]).status_code == 200
    never = call(guarded, KEYS["small"], body={"query": "q", "documents": ["a"] * 6})
    assert never.status_code == 413
    assert "the key small may have 5 ranked a day" in never.json()["error"]["message"]
    assert "Retry-After" not in never.headers


@pytest.mark.parametrize("path", ["/rerank", "/ranker/prediction"])
def test_a_refused_caller_finds_its_request_id(guarded: str, path: str) -> None:
    headers = {"x-request-id": "mine-4"}
    stranger = httpx.post(f"{guarded}{path}", json=BODY, headers=headers, timeout=30)
    assert (stranger.status_code, stranger.headers["x-request-id"]) == (401, "mine-4")
    headers["x-api-key"] = KEYS["slow"]
    replies = [
        httpx.post(f"{guarded}{path}", json=BODY, headers=headers, timeout=30) for _ in range(3)
    ]
    assert (replies[-1].status_code, replies[-1].headers["x-request-id"]) == (429, "mine-4")


def test_a_key_has_so_many_requests_in_work_at_most(guarded: str) -> None:
    body = {"query": "q", "documents": [f"{i}" * 200 for i in range(400)]}
    with ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(lambda _: call(guarded, KEYS["single"], body=body), range(6)))
    assert {reply.status_code for reply in replies} == {200, 429}
    refused = next(reply for reply in replies if reply.status_code == 429)
    assert "single has 1 requests in work" in refused.json()["error"]["message"]
    assert call(guarded, KEYS["single"]).status_code == 200


def test_a_page_of_a_known_origin_may_call(guarded: str) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-api-key"}
    known = httpx.options(f"{guarded}/rerank", headers={"Origin": "https://shop.example", **asked})
    assert known.headers["access-control-allow-origin"] == "https://shop.example"
    other = httpx.options(f"{guarded}/rerank", headers={"Origin": "https://evil.example", **asked})
    assert "access-control-allow-origin" not in other.headers


def test_a_page_with_a_key_needs_no_leave(guarded: str) -> None:
    """Of a key no other page knows, so its origin tells nothing (a browser's extension has one)."""
    headers = {"Origin": "chrome-extension://a", "x-api-key": KEYS["open"]}
    response = httpx.post(f"{guarded}/rerank", json=BODY, headers=headers, timeout=30)
    assert response.status_code == 200
    assert "access-control-allow-origin" not in response.headers


@pytest.fixture()
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    return make_certificate(tmp_path)


def test_tls(bundles: Path, tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    config = small_config(bundles)
    config["http"] = {"tls_certificate": str(certificate[0]), "tls_key": str(certificate[1])}
    with Launched(config, tmp_path) as launched:
        launched.wait_ready()
        assert f"HTTPS on {config['http_port']}" in launched.stdout
        trusted = ssl.create_default_context(cafile=str(certificate[0]))
        address = f"127.0.0.1:{config['http_port']}"
        response = httpx.post(f"https://{address}/rerank", json=BODY, verify=trusted, timeout=30)
        assert response.status_code == 200
        with pytest.raises(httpx.HTTPError):
            httpx.post(f"http://{address}/rerank", json=BODY, timeout=30)


def test_a_certificate_without_its_key_ends_the_start(
    config: dict[str, Any], tmp_path: Path, certificate: tuple[Path, Path]
) -> None:
    config["http"] = {"tls_certificate": str(certificate[0]), "tls_key": str(certificate[0])}
    assert "http.tls_certificate: cannot use" in failure(config, tmp_path)


@pytest.mark.parametrize(
    ("http", "message"),
    [
        ("{api_keys: [{name: a}]}", "http.api_keys[0].sha256: missing"),
        (f"{{api_keys: [{{sha256: '{'a' * 64}'}}]}}", "http.api_keys[0].name: missing"),
        ("{api_keys: [{name: a, sha256: secret}]}", "http.api_keys[0].sha256: must be the SHA-256"),
        (f"{{api_keys: [{{name: a, sha256: '{'a' * 64}'}}, {{name: a, sha256: '{'b' * 64}'}}]}}",
         "http.api_keys[0].name: a stands twice"),
        ("{tls_key: k}", "http.tls_certificate: missing"),
        ("{cors_origins: x}", "http.cors_origins: must be a list"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_named(tmp_path: Path, http: str, message: str) -> None:
    path = tmp_path / "config_nlp.yml"
    op = "{ernie: {local_service_conf: {model_config: m}}}"
    path.write_text(f"rpc_port: 8089\nop: {op}\nhttp: {http}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert message in str(caught.value)


def test_a_key_stands_in_no_log(bundles: Path, tmp_path: Path) -> None:
    keys = [{"name": "open", "sha256": digest("very-secret")}]
    config = small_config(bundles)
    config["http"] = {"api_keys": keys}
    with Launched(config, tmp_path) as launched:
        launched.wait_ready()
        url = f"http://127.0.0.1:{config['http_port']}"
        assert call(url, "very-secret").status_code == 200
        assert call(url, "very-secret-not").status_code == 401
        logs = [p.read_text(errors="replace") for p in tmp_path.rglob("*") if p.is_file()]
    assert not any("very-secret" in log for log in logs)
