# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The C++ service by config_nlp.yml: keys and TLS of both ports, and the limits of connections."""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Optional

import grpc
import httpx
import pytest
import yaml

from child_services.child import free_port
from child_services.rank_process import RankProcess
from clients.rpc_client import RpcRankerClient
from contract.errors import Overloaded, RequestError, SetUpError
from contract.rankers import CROSS_ENCODER
from contract.wire.tensor_codec import SERVICE
from tests.certificates import make_certificate
from tests.general_model_service.twins import openvino_config
from tests.waiting import wait_until

BODY = {"query": "q", "documents": ["a"]}
KEY = {"name": "a", "sha256": hashlib.sha256(b"secret").hexdigest()}


class GuardedProcess(RankProcess):
    """A service that is waited for by a path that asks for no key."""

    trusted: Optional[ssl.SSLContext] = None

    def _wait(self, deadline: float) -> None:
        while True:
            verify = self.trusted if self.trusted is not None else False
            scheme = "https" if self.trusted is not None else "http"
            self.url = f"{scheme}://{self.url.partition('://')[2]}"
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}/ready", verify=verify).status_code == 200:
                    return
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise self.failed("did not start")
            time.sleep(0.02)


class Started(contextlib.AbstractContextManager["Started"]):
    """A service with further keys in its configuration.

    Attributes:
        config: of it.
        program: the process.
    """

    def __init__(
        self,
        bundles: Path,
        directory: Path,
        keys: dict[str, Any],
        trusted: Optional[ssl.SSLContext] = None,
    ) -> None:
        made = type("Process", (GuardedProcess,), {"trusted": trusted})
        self.config = {**openvino_config(bundles, (CROSS_ENCODER,)), **keys}
        self.config["limits"] = {"max_delay_ms": 0, **keys.get("limits", {})}
        self.directory = directory
        self.program = made(self.config, directory)

    def __exit__(self, *error: object) -> None:
        self.program.stop()

    def rewrite(self) -> None:
        """Write the configuration as it is now."""
        (self.directory / "config.yml").write_text(yaml.safe_dump(self.config), encoding="utf-8")

    def status(self, port: str = "http_port", key: str = "") -> int:
        """Of one request over HTTP."""
        url = f"{self.program.url.partition('://')[0]}://127.0.0.1:{self.config[port]}/rerank"
        headers = {"x-api-key": key} if key else {}
        return httpx.post(url, json=BODY, headers=headers, timeout=30).status_code

    def code(self, port: str, key: str = "", trusted: Optional[bytes] = None) -> grpc.StatusCode:
        """Of one call of gRPC, which a service that lets it in finds to be empty."""
        address = f"127.0.0.1:{self.config[port]}"
        credentials = grpc.ssl_channel_credentials(trusted) if trusted else None
        with (
            grpc.secure_channel(address, credentials)
            if credentials
            else grpc.insecure_channel(address)
        ) as channel:
            call = channel.unary_unary(f"/{SERVICE}/inference", None, None)
            with pytest.raises(grpc.RpcError) as caught:
                call(b"", timeout=30, metadata=(("x-api-key", key),))
        code: grpc.StatusCode = caught.value.code()
        return code

    def held(self) -> float:
        """Bytes of bodies."""
        lines = httpx.get(f"{self.program.url}/metrics").text.splitlines()
        return next(
            float(x.split()[1]) for x in lines if x.startswith("tensor_service_held_bytes ")
        )

    def connect(self) -> socket.socket:
        """To http_port."""
        return socket.create_connection(("127.0.0.1", self.config["http_port"]), timeout=30)


def test_keys_of_both_ports(tensor_program: Path, bundles: Path, tmp_path: Path) -> None:
    with Started(bundles, tmp_path, {"http": {"api_keys": [KEY]}}) as service:
        for port in ("http_port", "rpc_port"):
            assert (service.status(port), service.status(port, "secret")) == (401, 200)
            assert service.code(port) == grpc.StatusCode.UNAUTHENTICATED
            assert service.code(port, "secret") == grpc.StatusCode.INVALID_ARGUMENT
        service.config["http"]["api_keys"].append(
            {"name": "b", "sha256": hashlib.sha256(b"new").hexdigest()}
        )
        service.rewrite()
        wait_until(lambda: service.status(key="new") == 200, "the new key")
        service.config["http"]["api_keys"][1]["requests_per_minute"] = 0
        service.rewrite()
        said = "http.api_keys[1].requests_per_minute: must be a whole number >= 1, got 0"
        wait_until(lambda: said in service.program.log(), "the refusal of it")
        assert service.status(key="new") == 200


def test_bodies_that_nobody_asked_for_are_not_kept(
    tensor_program: Path, bundles: Path, tmp_path: Path
) -> None:
    with Started(bundles, tmp_path, {"http": {"api_keys": [KEY]}}) as service:
        for path in ("/x", "/health", "/a/b/c"):
            with service.connect() as stranger:
                head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n"
                stranger.sendall(head.encode() + b"x" * 8_000_000)
                assert service.held() < 1_000_000
                stranger.sendall(b"x" * 1_000_000)
                assert stranger.recv(12) in (b"HTTP/1.1 404", b"HTTP/1.1 405")
        with service.connect() as known:
            head = (
                "POST /rerank HTTP/1.1\r\nHost: x\r\nx-api-key: secret\r\n"
                "Content-Type: application/json\r\nContent-Length: 9000000\r\n\r\n"
            )
            known.sendall(head.encode() + b" " * 8_000_000)
            wait_until(lambda: service.held() > 7_000_000, "that of a caller with a key")


def ranked(service: Started, port: str, key: str = "") -> str:
    """The ranker that answered a call of PipelineService."""
    with RpcRankerClient(f"127.0.0.1:{service.config[port]}", 30, api_key=key) as client:
        return client.rank("q", ["a"]).ranker


def test_keys_of_the_pipelines_service(tensor_program: Path, bundles: Path, tmp_path: Path) -> None:
    limited = {
        "slow": {"requests_per_minute": 2},
        "small": {"documents_per_day": 2},
    }
    keys = [KEY]
    for name, bound in limited.items():
        keys.append({"name": name, "sha256": hashlib.sha256(name.encode()).hexdigest(), **bound})
    with Started(bundles, tmp_path, {"http": {"api_keys": keys}}) as service:
        for port in ("http_port", "rpc_port"):
            assert ranked(service, port, "secret") == CROSS_ENCODER
            with pytest.raises(RequestError, match="api key: missing or unknown; send Auth"):
                ranked(service, port)
            with pytest.raises(RequestError, match="api key: missing or unknown; send Auth"):
                ranked(service, port, "wrong")
        assert service.status(key="slow") == 200
        assert ranked(service, "rpc_port", "slow") == CROSS_ENCODER
        with pytest.raises(Overloaded, match="the key slow may send 2 requests a minute"):
            ranked(service, "rpc_port", "slow")
        for port in ("rpc_port", "http_port"):
            assert ranked(service, port, "small") == CROSS_ENCODER
        with pytest.raises(Overloaded, match="0 are left of today"):
            ranked(service, "rpc_port", "small")


def test_callers_of_rpc_may_need_no_key(
    tensor_program: Path, bundles: Path, tmp_path: Path
) -> None:
    """Those who speak an RPC protocol on its port; no others."""
    keys = {"http": {"api_keys": [KEY]}, "rpc": {"ask_for_key": False}}
    with Started(bundles, tmp_path, keys) as service:
        assert ranked(service, "rpc_port") == CROSS_ENCODER
        assert service.code("rpc_port") == grpc.StatusCode.INVALID_ARGUMENT
        assert service.code("http_port") == grpc.StatusCode.UNAUTHENTICATED
        assert service.status("rpc_port") == 401
        assert service.status("http_port") == 401


def test_tls_of_both_ports(tensor_program: Path, bundles: Path, tmp_path: Path) -> None:
    one, other = make_certificate(tmp_path, "one"), make_certificate(tmp_path, "other")
    keys = {
        section: {"tls_certificate": str(files[0]), "tls_key": str(files[1])}
        for section, files in (("http", one), ("rpc", other))
    }
    trusted = ssl.create_default_context(cafile=str(one[0]))
    with Started(bundles, tmp_path, keys, trusted) as service:
        log = service.program.log()
        assert f"HTTPS on {service.config['http_port']}" in log
        assert f"RPC with TLS on {service.config['rpc_port']}" in log
        url = service.program.url
        assert httpx.post(f"{url}/rerank", json=BODY, verify=trusted).status_code == 200
        good = grpc.StatusCode.INVALID_ARGUMENT
        assert service.code("http_port", trusted=one[0].read_bytes()) == good
        assert service.code("rpc_port", trusted=other[0].read_bytes()) == good
        for port in ("http_port", "rpc_port"):
            assert service.code(port) == grpc.StatusCode.UNAVAILABLE
        assert service.code("rpc_port", trusted=one[0].read_bytes()) == grpc.StatusCode.UNAVAILABLE
        make_certificate(tmp_path, "other")
        wait_until(lambda: "rpc: certificate and key are read anew" in service.program.log(), "it")
        assert service.code("rpc_port", trusted=other[0].read_bytes()) == good


@pytest.fixture(scope="module")
def limited(
    tensor_program: Path, bundles: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Started]:
    limits = {
        "header_timeout_s": 1.0,
        "body_timeout_s": 1.5,
        "keep_alive_s": 1,
        "max_header_bytes": 2048,
        "max_in_flight": 2,
        "max_connections": 20,
    }
    with Started(bundles, tmp_path_factory.mktemp("limited"), {"limits": limits}) as service:
        yield service


def rest(connection: socket.socket) -> bytes:
    """Until the connection ends."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/rerank", '"message":"body: did not arrive within 1.5 s; send it faster, or less of it"'),
        ("/ranker/prediction", '{"err_no":5000,"err_msg":"body: did not arrive within 1.5 s;'),
        ("/GeneralModelService/inference", '"err_msg":"body: did not arrive within 1.5 s;'),
    ],
)
def test_a_body_has_its_time(limited: Started, path: str, told: str) -> None:
    with limited.connect() as connection:
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
        connection.sendall(head.encode() + b"{")
        answer = rest(connection).decode()
    assert answer.startswith("HTTP/1.1 408 Request Timeout\r\n")
    assert "\r\nConnection: close\r\n" in answer
    assert told in answer


@pytest.mark.parametrize("sent", [b"", b"POST /rerank HTTP/1.1\r\nHost: x\r\n"])
def test_a_head_has_its_time(limited: Started, sent: bytes) -> None:
    with limited.connect() as connection:
        connection.sendall(sent)
        assert rest(connection) == b""


def test_a_connection_may_wait_so_long(limited: Started) -> None:
    with limited.connect() as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert rest(connection).count(b"HTTP/1.1 200 OK") == 1


def test_a_head_has_so_many_bytes(limited: Started) -> None:
    with limited.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 4000)
        assert rest(connection).startswith(b"HTTP/1.1 431 ")


def test_so_many_requests_are_in_work(limited: Started) -> None:
    body = {"query": "q", "documents": [f"{i} " * 50 for i in range(400)]}
    url = f"{limited.program.url}/rerank"
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: httpx.post(url, json=body, timeout=60), range(8)))
    assert {reply.status_code for reply in replies} == {200, 429}
    refused = next(reply for reply in replies if reply.status_code == 429)
    assert refused.json()["message"] == "2 requests are in work; try again later"
    assert refused.headers["retry-after"] == "1"
    for _ in range(10):
        assert limited.status() == 200


def test_so_many_connections_are_open(limited: Started) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(limited.connect())
        last = stack.enter_context(limited.connect())
        answer = rest(last)
    assert answer.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["message"] == (
        "too many connections"
    )
    wait_until(lambda: limited.status() == 200, "the others to be gone")


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"http": {"api_keys": [{**KEY, "name": ""}]}}, "http.api_keys[0].name: missing"),
        (
            {"http": {"api_keys": [{"name": "a", "key_env": "NOT_SET_ANYWHERE"}]}},
            "http.api_keys[0].key_env: NOT_SET_ANYWHERE is not set; set it",
        ),
        (
            {"rpc": {"tls_certificate": "c", "tls_key": "k"}},
            "rpc.tls_certificate: cannot use",
        ),
    ],
)
def test_what_cannot_be_ends_the_start(
    tensor_program: Path, bundles: Path, tmp_path: Path, keys: dict[str, Any], message: str
) -> None:
    with pytest.raises(SetUpError) as caught:
        Started(bundles, tmp_path, {"http_port": free_port(), **keys})
    assert message in str(caught.value)


def test_a_full_service_says_so_and_is_ready_again(
    tensor_program: Path, repository: Path, tmp_path: Path
) -> None:
    limits = {"max_in_flight": 1, "max_documents": 3400}
    # the tiny bundle would be done before anybody looks
    long = {"query": "续航", "documents": [f"{i} " + "手机续航怎么样" * 40 for i in range(3400)]}
    with Started(repository / "serving_models", tmp_path, {"limits": limits}) as service:
        url = service.program.url

        def traffic() -> dict[str, Any]:
            return dict(httpx.get(f"{url}/v1/traffic").json())

        assert (traffic()["ready"], traffic()["reason"]) == (True, "")
        with ThreadPoolExecutor() as pool:
            asked = pool.submit(httpx.post, f"{url}/rerank", json=long, timeout=120)
            wait_until(lambda: not traffic()["ready"], "a full queue")
            reason = "the queue is full: 1 requests are in work"
            assert traffic()["reason"] == reason
            assert (service.status(), traffic()["total"]["refused"]) == (429, 1)
            refused = httpx.get(f"{url}/ready")
            assert asked.result().status_code == 200
        assert refused.status_code == 503
        assert refused.json() == {"status": "not ready", "reason": reason}
        assert (traffic()["ready"], traffic()["reason"]) == (True, "")
