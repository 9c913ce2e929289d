# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The C++ service asks for API keys as the Pipeline does: same answers, byte for byte."""

from __future__ import annotations

import hashlib
import http.client
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Optional
from urllib.parse import urlsplit

import grpc
import pytest
import yaml

from child_services.tensor_process import TensorProcess
from contract.errors import SetUpError
from contract.rankers import CROSS_ENCODER
from contract.wire.tensor_codec import SERVICE
from tests.general_model_service import wire
from tests.general_model_service.twins import Body, Told, Twins, guarded_twins
from tests.tensor_service import StartTensorService
from tests.waiting import wait_until

BODY = {"query": "q", "documents": ["a"]}
KEYS = {"open": "key-of-open", "small": "秘密", "single": "key-of-single", "slow": "key-of-slow"}
PATHS = ["/rerank", "/v1/rerank", "/v2/rerank", "/", "/ranker/prediction", "/feedback"]
UNKNOWN = [None, "wrong", "key-of-ope", "key-of-open x", "é", ""]


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


HTTP = {
    "api_keys": [
        {"name": "open", "sha256": digest(KEYS["open"])},
        {"name": "small", "sha256": digest(KEYS["small"]).upper(), "documents_per_day": 5},
        {"name": "single", "sha256": digest(KEYS["single"]), "max_in_flight": 1},
        *({"name": f"slow{i}", "sha256": digest(f"slow{i}"), "requests_per_minute": 2}
          for i in range(4)),
    ],
    "cors_origins": ["https://shop.example"],
}  # fmt: skip


@pytest.fixture(scope="module")
def both(
    tensor_program: Path, bundles: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Twins]:
    directory = tmp_path_factory.mktemp("guarded")
    with guarded_twins(bundles, CROSS_ENCODER, directory, HTTP) as running:
        yield running


def header(key: Optional[str], name: str = "Authorization") -> dict[str, str]:
    if key is None:
        return {}
    value = f"Bearer {key}".strip() if name == "Authorization" else key
    return {name: value.encode().decode("latin-1")}


def same(
    both: Twins, path: str, body: Optional[Body] = None, method: str = "POST", **headers: str
) -> Told:
    """What both answer; they must agree but for a second in Retry-After."""
    pipeline, program = both.ask(path, body, headers, method)
    waits = [one.headers.pop("retry-after", "0") for one in (pipeline, program)]
    assert abs(int(waits[0]) - int(waits[1])) <= 2
    assert program._replace(numbers=[]) == pipeline._replace(numbers=[])
    return program._replace(headers={**program.headers, "retry-after": waits[1]})


@pytest.mark.parametrize("path", PATHS[:-1])
@pytest.mark.parametrize("name", ["Authorization", "X-API-Key"])
def test_a_known_key_is_let_in(both: Twins, path: str, name: str) -> None:
    assert same(both, path, BODY, **header(KEYS["open"], name)).status == 200


# twenty-nine a minute are answered so, of both services alike
@pytest.mark.parametrize(
    ("path", "key"),
    [(p, k) for p in PATHS for k in UNKNOWN if not k or p in ("/rerank", "/ranker/prediction")],
)
def test_others_are_not(both: Twins, path: str, key: Optional[str]) -> None:
    told = same(both, path, BODY, **header(key))
    assert (told.status, told.headers["www-authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize("body", [b"{", b"", b"\xff"])
def test_a_stranger_learns_nothing_of_the_body(both: Twins, body: bytes) -> None:
    for path in PATHS:
        assert same(both, path, body, **{"x-request-id": "mine-4"}).status == 401


def test_a_stranger_is_refused_before_the_body_is_read(both: Twins) -> None:
    for client in both:
        address = urlsplit(str(client.base_url))
        for path in PATHS:
            with socket.create_connection((address.hostname, address.port), 30) as connection:
                head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
                connection.sendall(head.encode())
                assert connection.recv(100).startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics", "/info", "/v1/models"])
def test_what_operators_read_needs_no_key(both: Twins, path: str) -> None:
    for client in both:
        assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/rerank", "/ranker/prediction"])
def test_another_method_is_told_before_a_key_is_asked_for(both: Twins, path: str) -> None:
    assert same(both, path, method="GET").status == 405


@pytest.mark.parametrize("path", ["/nobody/prediction", "/ranker/other"])
def test_a_path_that_is_not_there_needs_a_key(both: Twins, path: str) -> None:
    assert same(both, path, BODY).status == 401


@pytest.mark.parametrize(
    ("i", "path"), [(0, "/rerank"), (1, "/ranker/prediction"), (2, "/v2/rerank"), (3, "/")]
)
def test_a_rate_is_kept_and_says_when_to_come_back(both: Twins, i: int, path: str) -> None:
    key = header(f"slow{i}")
    told = [same(both, path, BODY, **key, **{"x-request-id": "mine"}) for _ in range(4)]
    assert [one.status for one in told] == [200, 200, 429, 429]
    assert 1 <= int(told[-1].headers["retry-after"]) <= 30
    assert told[-1].headers["x-request-id"] == "mine"


def test_a_quota_counts_documents_that_are_ranked(both: Twins) -> None:
    key = header(KEYS["small"])
    three = {"query": "q", "documents": ["a", "b", "c"]}
    assert same(both, "/rerank", {"query": "q", "documents": []}, **key).status == 422
    assert same(both, "/rerank", three, **key).status == 200
    over = same(both, "/ranker/prediction", three, **key)
    assert (over.status, "2 are left of today" in over.body) == (429, True)
    assert 0 < int(over.headers["retry-after"]) <= 86_400
    assert same(both, "/rerank", three, **key).status == 429
    assert same(both, "/rerank", BODY, **key).status == 200
    never = same(both, "/rerank", {"query": "q", "documents": ["a"] * 6}, **key)
    assert (never.status, never.headers["retry-after"]) == (413, "0")


def test_a_key_has_so_many_requests_in_work_at_most(both: Twins) -> None:
    body = {"query": "q", "documents": [f"{i} " * 50 for i in range(400)]}
    key = header(KEYS["single"])
    with ThreadPoolExecutor(6) as pool:
        replies = list(
            pool.map(lambda _: both.program.post("/rerank", json=body, headers=key), range(6))
        )
    assert {reply.status_code for reply in replies} == {200, 429}
    refused = next(reply for reply in replies if reply.status_code == 429)
    assert "the key single has 1 requests in work already" in refused.json()["message"]
    for _ in range(20):  # its place is free when the answer is there
        assert both.program.post("/rerank", json=BODY, headers=key).status_code == 200


@pytest.mark.parametrize("origin", ["https://shop.example", "https://evil.example"])
def test_browsers_are_told_who_may_call(both: Twins, origin: str) -> None:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-api-key, content-type",
    }
    for path in ("/rerank", "/none"):
        known = same(both, path, method="OPTIONS", **asked)
        assert (known.status == 200) == (origin == "https://shop.example")
    assert same(both, "/rerank", BODY, Origin=origin, **header(KEYS["open"])).status == 200
    assert same(both, "/rerank", BODY, Origin=origin).status == 401
    assert same(both, "/rerank", BODY, **header(KEYS["open"])).headers["vary"] == "Origin"


def test_tensors_need_a_key_too(both: Twins) -> None:
    port = urlsplit(str(both.program.base_url)).port or 0
    for path in (wire.PATH, "/GeneralModelService/debug", f"/{SERVICE}/inference"):
        body = wire.json_request([([1, 12, 13, 2], [0, 0, 1, 1])])
        answer = wire.post(port, body, path)
        assert (answer.status, answer.json["err_no"]) == (401, -5000)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert wire.post(port, body, path, x_api_key=KEYS["open"]).status == 200


def test_a_key_of_grpc_is_metadata(both: Twins) -> None:
    address = urlsplit(str(both.program.base_url)).netloc
    with grpc.insecure_channel(address) as channel:
        call = channel.unary_unary(f"/{SERVICE}/inference", None, None)
        for metadata in ((), (("authorization", "Bearer no"),), (("x-api-key", ""),)):
            with pytest.raises(grpc.RpcError) as caught:
                call(b"", timeout=30, metadata=metadata)
            assert caught.value.code() == grpc.StatusCode.UNAUTHENTICATED
            assert caught.value.details().startswith("api key: missing or unknown; send")
        with pytest.raises(grpc.RpcError) as caught:
            call(b"", timeout=30, metadata=(("authorization", f"Bearer {KEYS['open']}"),))
        assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_baidu_std_has_no_place_for_a_key(both: Twins) -> None:
    port = urlsplit(str(both.program.base_url)).port or 0
    error, _ = wire.call_baidu_std(port, b"")
    assert error == 1004


def service(start: StartTensorService, folder: Path, http: dict[str, Any]) -> TensorProcess:
    door = folder / "door.yml"
    door.write_text(yaml.safe_dump({"http": http}), encoding="utf-8")
    bundle = Path(__file__).resolve().parents[2] / "serving_models" / "cross_encoder"
    return start(bundle, "--pad_dynamic", "--door", str(door))


def status(program: TensorProcess, key: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", program.port, timeout=30)
    connection.request("POST", "/rerank", json.dumps(BODY), {"X-API-Key": key})
    found = connection.getresponse().status
    connection.close()
    return found


def test_keys_are_followed_while_it_runs(
    tensor_service: StartTensorService, tmp_path: Path
) -> None:
    (tmp_path / "key").write_text("first\n", encoding="utf-8")
    keys = [{"name": "a", "key_file": "key"}, {"name": "b", "sha256": digest("b")}]
    program = service(tensor_service, tmp_path, {"api_keys": keys})
    assert (status(program, "first"), status(program, "b")) == (200, 200)
    (tmp_path / "key").write_text("second\n", encoding="utf-8")
    wait_until(lambda: status(program, "first") == 401, "the first key to be gone")
    assert status(program, "second") == 200
    keys[1]["sha256"] = "no digest"
    (tmp_path / "door.yml").write_text(yaml.safe_dump({"http": {"api_keys": keys}}))
    said = "the old ones go on: http.api_keys[1].sha256: must be the SHA-256"
    wait_until(lambda: said in program.log(), "the wrong key to be refused")
    assert (status(program, "second"), status(program, "b")) == (200, 200)
    (tmp_path / "door.yml").write_text(yaml.safe_dump({"http": {"api_keys": keys[:1]}}))
    wait_until(lambda: status(program, "b") == 401, "the second owner to be gone")
    assert program.log().count(said) == 1


def test_wrong_keys_are_slowed_down(tensor_service: StartTensorService, tmp_path: Path) -> None:
    keys = [{"name": name, "sha256": digest(f"very-secret-{name}")} for name in "ab"]
    program = service(tensor_service, tmp_path, {"api_keys": keys})
    assert status(program, "very-secret-a") == 200
    found = [status(program, f"guess-{i}") for i in range(60)]
    assert found[:29] == [401] * 29
    assert found[-1] == 429
    assert status(program, "very-secret-a") == 200, "who was known before goes on"
    assert status(program, "very-secret-b") == 429
    assert wire.metric(program.port, "tensor_service_wrong_api_keys_total") == 60
    assert program.log().count("wrong API keys from 127.0.0.1: 1\n") == 1
    assert program.log().count("wrong API keys") == 1
    assert "secret" not in program.log()
    assert "guess" not in program.log()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("http: {api_keys: [{name: a}]}", "http.api_keys[0].sha256: missing; give one of"),
        ("http: {api_keys: [{name: a, key_file: none}]}", "http.api_keys[0].key_file: cannot read"),
        ("http: {tls_key: k}", "http.tls_certificate: missing; certificate and key go together"),
        ("http: {tls_key: k, tls_certificate: c}", "http.tls_certificate: cannot use"),
        ("limits: {}", "limits: unknown key; known are http"),
        ("[", "door.yml"),
        ("", "the file: must hold keys and values"),
    ],
)
def test_a_door_that_cannot_be_ends_the_start(
    tensor_service: StartTensorService, repository: Path, tmp_path: Path, text: str, message: str
) -> None:
    door = tmp_path / "door.yml"
    door.write_text(text, encoding="utf-8")
    with pytest.raises(SetUpError) as caught:
        tensor_service(repository / "serving_models" / "pairwise", "--door", str(door))
    assert message in str(caught.value)


def test_one_place_is_given_back_when_the_caller_goes(both: Twins) -> None:
    body = json.dumps({"query": "q", "documents": [f"{i} " * 50 for i in range(400)]}).encode()
    address = urlsplit(str(both.program.base_url))
    head = f"POST /rerank HTTP/1.1\r\nHost: x\r\nX-API-Key: {KEYS['single']}\r\n"
    for _ in range(3):
        with socket.create_connection((address.hostname, address.port), 30) as connection:
            connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    key = header(KEYS["single"])

    def again() -> bool:
        return both.program.post("/rerank", json=BODY, headers=key).status_code == 200

    assert wait_until(again, "the place of those who went")
