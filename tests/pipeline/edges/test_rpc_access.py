# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Who may call over RPC: API keys as over HTTP, TLS, addresses; and what needs no restart."""

from __future__ import annotations

import hashlib
import os
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

import grpc
import httpx
import pytest
import yaml

from clients.ranker.pipeline_wire import INFERENCE, decode_response, encode_request
from clients.ranker.result import RankResult
from clients.rpc_client import RpcRankerClient, main
from clients.transport.client_tls import ClientTls
from contract.errors import InvalidField, OverLimit, Overloaded, RankingError, RequestError
from contract.wire.caller_errors import Unreachable
from tests.certificates import make_certificate
from tests.pipeline.calls import upstream_predict
from tests.pipeline.launch import Launched, failure
from tests.services import small_config
from tests.waiting import wait_until

BODY = {"query": "q", "documents": ["a"]}
Metadata = tuple[tuple[str, str], ...]


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def endpoint_of(config: dict[str, Any]) -> str:
    return f"127.0.0.1:{config['rpc_port']}"


def rank(config: dict[str, Any], api_key: str = "", tls: Optional[ClientTls] = None) -> RankResult:
    with RpcRankerClient(endpoint_of(config), 30, api_key=api_key, tls=tls) as client:
        return client.rank("q", ["a"])


def err_no(config: dict[str, Any], *metadata: tuple[str, str], service: str = "ranker") -> int:
    """Of one call as any gRPC client sends it."""
    fields = {"query": "q", "documents": '["a"]'}
    if service == "feedback":
        fields = {"request_id": "r", "clicks": "[0]"}
    with grpc.insecure_channel(endpoint_of(config)) as channel:
        call = channel.unary_unary(INFERENCE, None, None)
        answer = call(encode_request(fields, service, 0), timeout=30, metadata=metadata)
    return decode_response(answer).err_no


def bearer(key: str) -> tuple[str, str]:
    return "authorization", f"Bearer {key}"


@pytest.fixture(scope="module")
def guarded(bundles: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The configuration of a running service with keys."""
    directory = tmp_path_factory.mktemp("guarded_rpc")
    config = small_config(bundles)
    config["exposures"] = {"directory": "records"}
    config["http"] = {
        "api_keys": [
            {"name": "open", "sha256": digest("open")},
            {"name": "slow", "sha256": digest("slow"), "requests_per_minute": 2},
            {"name": "small", "sha256": digest("small"), "documents_per_day": 2},
        ]
    }
    with Launched(config, directory) as launched:
        launched.wait_ready()
        yield config


def test_a_known_key_is_let_in(guarded: dict[str, Any]) -> None:
    assert rank(guarded, "open").ranker
    assert err_no(guarded, bearer("open")) == 0
    assert err_no(guarded, ("x-api-key", "open")) == 0
    assert err_no(guarded, bearer("open"), service="feedback") == 0


@pytest.mark.parametrize("service", ["ranker", "ernie", "feedback", "nobody"])
@pytest.mark.parametrize("metadata", [(), (bearer("no"),), (("x-api-key", ""),)])
def test_others_are_not(guarded: dict[str, Any], service: str, metadata: Metadata) -> None:
    assert err_no(guarded, *metadata, service=service) == RequestError.err_no


def test_a_stranger_is_told_what_to_send(guarded: dict[str, Any]) -> None:
    with pytest.raises(RequestError, match="api key: missing or unknown; send Authorization"):
        rank(guarded)
    answer = upstream_predict(endpoint_of(guarded), {"0": str({"query": "a", "title": "b"})})
    assert answer.err_no == RequestError.err_no


def test_rates_and_quotas_are_those_of_http(guarded: dict[str, Any]) -> None:
    url = f"http://127.0.0.1:{guarded['http_port']}/rerank"
    assert httpx.post(url, json=BODY, headers={"x-api-key": "slow"}).status_code == 200
    assert rank(guarded, "slow").ranker
    with pytest.raises(Overloaded, match="the key slow may send 2 requests a minute"):
        rank(guarded, "slow")
    assert rank(guarded, "small").ranker
    assert httpx.post(url, json=BODY, headers={"x-api-key": "small"}).status_code == 200
    with pytest.raises(Overloaded, match="0 are left of today"):
        rank(guarded, "small")


def test_the_command_reads_the_key_from_the_environment(
    guarded: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--endpoint", endpoint_of(guarded), "--query", "q", "--title", "a", "--json"]
    assert main(words) == 2
    assert "missing or unknown" in capsys.readouterr().err
    monkeypatch.setenv("RANKER_API_KEY", "open")
    assert main(words) == 0


def test_wrong_keys_are_slowed_down_over_both_edges(bundles: Path, tmp_path: Path) -> None:
    config = small_config(bundles)
    config["http"] = {"api_keys": [{"name": name, "sha256": digest(name)} for name in "ab"]}
    url = f"http://127.0.0.1:{config['http_port']}"
    with Launched(config, tmp_path) as launched:
        launched.wait_ready()
        assert rank(config, "a").ranker
        statuses = [
            httpx.post(f"{url}/rerank", json=BODY, headers={"x-api-key": f"no{i}"})
            for i in range(60)
        ]
        assert {r.status_code for r in statuses[:20]} == {401}
        refused = statuses[-1]
        assert refused.status_code == 429
        assert int(refused.headers["Retry-After"]) >= 1
        assert err_no(config, bearer("no")) == OverLimit.err_no
        assert rank(config, "a").ranker, "who was known before goes on"
        with pytest.raises(Overloaded, match="too many wrong API keys"):
            rank(config, "b")
        assert httpx.post(f"{url}/rerank", json=BODY).status_code == 401
        assert "ranking_wrong_api_keys_total 61.0" in httpx.get(f"{url}/metrics").text
    log = "".join(p.read_text("utf-8") for p in tmp_path.rglob("pipeline.log"))
    assert log.count("wrong API keys from 127.0.0.1: 1\n") == 1
    assert log.count("wrong API keys") == 1
    assert "no1" not in log


def test_rpc_can_stay_open_beside_keys(bundles: Path, tmp_path: Path) -> None:
    config = small_config(bundles)
    config["http"] = {"api_keys": [{"name": "a", "sha256": digest("a")}]}
    config["rpc"] = {"ask_for_key": False}
    with Launched(config, tmp_path) as launched:
        launched.wait_ready()
        assert rank(config).ranker


def test_tls_of_both_ports_and_of_callers(bundles: Path, tmp_path: Path) -> None:
    own, caller = make_certificate(tmp_path, "own"), make_certificate(tmp_path, "caller")
    config = small_config(bundles)
    files = {
        "tls_certificate": str(own[0]),
        "tls_key": str(own[1]),
        "tls_client_ca": str(caller[0]),
    }
    config["http"], config["rpc"] = {**files}, {**files}
    url = f"https://127.0.0.1:{config['http_port']}/rerank"
    with Launched(config, tmp_path) as launched:
        launched.wait_ready()
        assert f"RPC with TLS on {config['rpc_port']}" in launched.stdout
        assert rank(config, tls=ClientTls(own[0], *caller)).ranker
        words = ["--endpoint", endpoint_of(config), "--tls_ca", str(own[0])]
        words += ["--tls_certificate", str(caller[0]), "--tls_key", str(caller[1])]
        assert main(words) == 0
        for tls in (None, ClientTls(own[0]), ClientTls(caller[0], *caller)):
            with pytest.raises(Unreachable):
                rank(config, tls=tls)
        trusting = ssl.create_default_context(cafile=str(own[0]))
        with pytest.raises(httpx.HTTPError):
            httpx.post(url, json=BODY, verify=trusting, timeout=30)
        trusting.load_cert_chain(*caller)
        assert httpx.post(url, json=BODY, verify=trusting, timeout=30).status_code == 200


def test_a_certificate_and_a_key_change_without_a_restart(bundles: Path, tmp_path: Path) -> None:
    own = make_certificate(tmp_path, "own")
    (tmp_path / "key.txt").write_text("first\n", encoding="utf-8")
    config = small_config(bundles)
    files = {"tls_certificate": str(own[0]), "tls_key": str(own[1])}
    config["http"] = {**files, "api_keys": [{"name": "a", "key_file": "key.txt"}]}
    config["rpc"] = files
    url = f"https://127.0.0.1:{config['http_port']}/rerank"

    def answers(key: str) -> bool:
        trusting = ssl.create_default_context(cafile=str(own[0]))
        try:
            over_http = httpx.post(url, json=BODY, verify=trusting, headers={"x-api-key": key})
            return over_http.status_code == 200 and bool(
                rank(config, key, ClientTls(own[0])).ranker
            )
        except (httpx.HTTPError, RankingError):
            return False

    with Launched(config, tmp_path) as launched:
        launched.wait_ready()
        assert answers("first")
        # half of a change: the key does not go with the certificate
        old = own[1].read_bytes()
        make_certificate(tmp_path, "other")[1].replace(own[1])
        wait_until(lambda: "the change is refused" in log_of(tmp_path), "it is refused")
        assert answers("first"), "the old certificate goes on"
        own[1].write_bytes(old)
        make_certificate(tmp_path, "own")
        wait_until(lambda: answers("first"), "the new certificate is taken")
        (tmp_path / "key.txt").write_text("second", encoding="utf-8")
        wait_until(lambda: answers("second"), "the new key is taken")
        assert not answers("first")
        config["http"]["api_keys"] += [{"name": "b", "sha256": digest("third")}]
        (tmp_path / "config_nlp.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
        wait_until(lambda: answers("third"), "a key of the configuration is taken")
    assert "need a restart" not in log_of(tmp_path)


def log_of(directory: Path) -> str:
    return "".join(path.read_text("utf-8") for path in directory.rglob("pipeline.log"))


def test_a_key_of_the_environment(
    config: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config["http"] = {"api_keys": [{"name": "a", "key_env": "KEY_OF_A"}]}
    message = failure(config, tmp_path)
    assert "http.api_keys[0].key_env: KEY_OF_A is not set; set it" in message
    monkeypatch.setenv("KEY_OF_A", "mine")
    with Launched(config, tmp_path) as launched:
        launched.wait_ready()
        assert rank(config, "mine").ranker


def test_each_port_can_have_an_address(config: dict[str, Any], tmp_path: Path) -> None:
    config["rpc_host"], config["http_host"] = "127.0.0.2", "::1"
    with Launched(config, tmp_path) as launched:
        launched.wait_ready()
        assert f"RPC on 127.0.0.2:{config['rpc_port']}" in launched.stdout
        assert f"HTTP on [::1]:{config['http_port']}" in launched.stdout
        assert httpx.get(f"http://[::1]:{config['http_port']}/ready").status_code == 200
        with RpcRankerClient(f"127.0.0.2:{config['rpc_port']}") as client:
            assert client.rank("q", ["a"]).ranker
        for port in (config["rpc_port"], config["http_port"]):
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port), timeout=5)


@pytest.mark.parametrize(
    ("key", "host", "message"),
    [
        ("rpc_host", "192.0.2.1", "rpc_host: 192.0.2.1 is no address of this machine"),
        ("http_host", "no such name", "http_host: no such name is no address"),
    ],
)
def test_an_address_that_is_none_ends_the_start(
    config: dict[str, Any], tmp_path: Path, key: str, host: str, message: str
) -> None:
    config[key] = host
    assert message in failure(config, tmp_path)


def test_files_that_a_client_cannot_use_are_named(tmp_path: Path) -> None:
    for tls, message in (
        (ClientTls(tmp_path / "none"), "tls_ca: cannot read"),
        (ClientTls(None, tmp_path / "a"), "tls_key: missing"),
    ):
        with pytest.raises(InvalidField, match=message):
            RpcRankerClient(tls=tls)
    with pytest.raises(InvalidField, match="api_key: gRPC sends printable ASCII only"):
        RpcRankerClient(api_key="秘密")
    assert os.environ.get("RANKER_API_KEY") is None
