# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""TLS of the C++ service, by Python's, curl's and gRPC's ends: all protocols, and bad callers."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple, Optional

import grpc
import pytest
import yaml

from child_services.tensor_process import TensorProcess
from contract.errors import SetUpError
from contract.wire.tensor_codec import SERVICE
from tests.certificates import make_certificate
from tests.general_model_service import wire
from tests.tensor_service import StartTensorService
from tests.waiting import wait_until

BODY = json.dumps({"query": "q", "documents": ["a"]})


class Encrypted(NamedTuple):
    """A service and who it trusts.

    Attributes:
        program: the service.
        certificate: of it, which is its own authority.
    """

    program: TensorProcess
    certificate: Path

    def trusting(self) -> ssl.SSLContext:
        """What trusts it."""
        return ssl.create_default_context(cafile=str(self.certificate))

    def connect(self, context: Optional[ssl.SSLContext] = None) -> ssl.SSLSocket:
        """A connection whose handshake is over."""
        raw = socket.create_connection(("127.0.0.1", self.program.port), timeout=30)
        return (context or self.trusting()).wrap_socket(raw, server_hostname="127.0.0.1")


def door_file(folder: Path, **http: Any) -> str:
    door = folder / "door.yml"
    door.write_text(yaml.safe_dump({"http": {k: str(v) for k, v in http.items()}}))
    return str(door)


@pytest.fixture(scope="module")
def encrypted(
    tensor_program: Path, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Encrypted]:
    folder = tmp_path_factory.mktemp("encrypted")
    certificate, key = make_certificate(folder)
    door = door_file(folder, tls_certificate=certificate, tls_key=key)
    trusted = ssl.create_default_context(cafile=str(certificate))
    bundle = repository / "serving_models" / "pairwise"
    flags = ("--pad_dynamic", "--read_timeout_s", "2", "--door", door)
    with TensorProcess(bundle, folder, *flags, tls=trusted) as program:
        yield Encrypted(program, certificate)


def ask(encrypted: Encrypted, body: str, path: str = wire.PATH) -> tuple[int, bytes]:
    connection = http.client.HTTPSConnection(
        "127.0.0.1", encrypted.program.port, timeout=30, context=encrypted.trusting()
    )
    connection.request("POST", path, body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    found = response.status, response.read()
    connection.close()
    return found


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_http(encrypted: Encrypted, version: ssl.TLSVersion) -> None:
    context = encrypted.trusting()
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(["http/1.1"])
    request = f"POST /rerank HTTP/1.1\r\nHost: x\r\nContent-Length: {len(BODY)}\r\n\r\n{BODY}"
    with encrypted.connect(context) as connection:
        assert connection.selected_alpn_protocol() == "http/1.1"
        for _ in range(3):
            connection.sendall(request.encode())
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")


def test_http2(encrypted: Encrypted) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl, which speaks HTTP/2, is not installed")
    url = f"{encrypted.program.url}/rerank"
    command = ["curl", "-s", "--http2", "--cacert", encrypted.certificate, "-d", BODY, url]
    told = subprocess.run(
        [*command, "-o", "/dev/null", "-w", "%{http_code} %{http_version}"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert told.stdout == "200 2"


def test_grpc(encrypted: Encrypted) -> None:
    trusted = grpc.ssl_channel_credentials(encrypted.certificate.read_bytes())
    address = f"127.0.0.1:{encrypted.program.port}"
    with grpc.secure_channel(address, trusted) as channel:
        call = channel.unary_unary(f"/{SERVICE}/inference", None, None)
        with pytest.raises(grpc.RpcError) as caught:
            call(b"", timeout=30)
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_large_bodies_and_answers(encrypted: Encrypted) -> None:
    rows = [([1, 12, 13, 2], [0, 0, 1, 1])] * 20_000
    status, body = ask(encrypted, wire.json_request(rows))
    assert status == 200
    assert json.loads(body)["outputs"][0]["tensor"][0]["shape"] == [20_000, 1]


def test_many_at_once(encrypted: Encrypted) -> None:
    def one(_: int) -> int:
        return ask(encrypted, BODY, "/rerank")[0]

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(one, range(64))) == [200] * 64


def test_pipelined_requests(encrypted: Encrypted) -> None:
    request = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    with encrypted.connect() as connection:
        connection.sendall(request * 300)
        answers = b""
        while answers.count(b'{"status": "alive"}') < 300:
            part = connection.recv(65536)
            assert part
            answers += part


def test_the_end_is_told(encrypted: Encrypted) -> None:
    """Else a caller could not tell it from a connection that somebody cut."""
    with encrypted.connect() as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
        assert connection.unwrap().fileno() >= 0
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n", b"this port speaks TLS only"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"this port speaks TLS only"),
        (b"\x00\x01", b""),
        (b"\x16\x03\x01\xff\xff" + b"x" * 100, b""),
    ],
)
def test_callers_without_tls_have_a_clear_end(
    encrypted: Encrypted, sent: bytes, answer: bytes
) -> None:
    with socket.create_connection(("127.0.0.1", encrypted.program.port), 30) as connection:
        connection.sendall(sent)
        found = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer in found
    assert (found.startswith(b"HTTP/1.1 400 Bad Request\r\n")) == bool(answer)
    assert ask(encrypted, BODY, "/rerank")[0] == 200


@pytest.mark.parametrize("sent", [b"", b"\x16", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"])
def test_a_handshake_has_its_time(encrypted: Encrypted, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", encrypted.program.port), 30) as connection:
        connection.sendall(sent)
        assert connection.recv(100) == b""


def test_a_caller_of_tls_on_a_plain_port(pairwise: TensorProcess) -> None:
    with socket.create_connection(("127.0.0.1", pairwise.port), timeout=30) as raw:
        context = ssl.create_default_context()
        with pytest.raises(ssl.SSLError):
            context.wrap_socket(raw, server_hostname="127.0.0.1")
    assert wire.alive(pairwise.port)


def test_bytes_that_are_changed_on_the_way(encrypted: Encrypted) -> None:
    inside, outside = ssl.MemoryBIO(), ssl.MemoryBIO()
    peer = encrypted.trusting().wrap_bio(inside, outside, server_hostname="127.0.0.1")
    with socket.create_connection(("127.0.0.1", encrypted.program.port), 30) as connection:
        while True:
            try:
                peer.do_handshake()
                break
            except ssl.SSLWantReadError:
                connection.sendall(outside.read())
                inside.write(connection.recv(65536))
        peer.write(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        sent = bytearray(outside.read())
        sent[-1] ^= 1
        connection.sendall(sent)
        found = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b"alive" not in found
    assert ask(encrypted, BODY, "/rerank")[0] == 200


def test_callers_show_a_certificate(
    tensor_service: StartTensorService, repository: Path, tmp_path: Path
) -> None:
    certificate, key = make_certificate(tmp_path, "own")
    caller, stranger = make_certificate(tmp_path, "caller"), make_certificate(tmp_path, "stranger")
    door = door_file(tmp_path, tls_certificate=certificate, tls_key=key, tls_client_ca=caller[0])
    known = ssl.create_default_context(cafile=str(certificate))
    known.load_cert_chain(*caller)
    bundle = repository / "serving_models" / "pairwise"
    program = tensor_service(bundle, "--door", door, tls=known)
    service = Encrypted(program, certificate)
    get = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    for shown, taken in ((caller, True), (stranger, False), (None, False), (caller, True)):
        context = service.trusting()
        if shown is not None:
            context.load_cert_chain(*shown)
        found = b""
        try:
            with service.connect(context) as connection:
                connection.sendall(get)
                found = connection.recv(65536)
        except (ssl.SSLError, ConnectionError):
            pass
        assert (b"alive" in found) == taken


def test_certificates_are_followed(
    tensor_service: StartTensorService, repository: Path, tmp_path: Path
) -> None:
    certificate, key = make_certificate(tmp_path)
    door = door_file(tmp_path, tls_certificate=certificate, tls_key=key)
    first = ssl.create_default_context(cafile=str(certificate))
    bundle = repository / "serving_models" / "pairwise"
    program = tensor_service(bundle, "--door", door, tls=first)
    service = Encrypted(program, certificate)
    get = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    with service.connect() as before:
        certificate.write_text("half a certificate", encoding="utf-8")
        wait_until(lambda: "http.tls_certificate: cannot use" in program.log(), "a refusal")
        with service.connect(first):
            pass
        make_certificate(tmp_path)
        wait_until(lambda: "http: certificate and key are read anew" in program.log(), "a change")
        before.sendall(get)
        assert b"alive" in before.recv(65536)
    with service.connect() as after:
        after.sendall(get)
        assert b"alive" in after.recv(65536)
    with pytest.raises(ssl.SSLCertVerificationError):
        service.connect(first)


def test_a_certificate_without_its_key_ends_the_start(
    tensor_service: StartTensorService, repository: Path, tmp_path: Path
) -> None:
    own, other = make_certificate(tmp_path, "own"), make_certificate(tmp_path, "other")
    door = door_file(tmp_path, tls_certificate=own[0], tls_key=other[1])
    with pytest.raises(
        SetUpError, match=r"http\.tls_certificate: cannot use .*key values mismatch"
    ):
        tensor_service(repository / "serving_models" / "pairwise", "--door", door)


def test_answers_to_one_who_reads_none_have_a_bound(encrypted: Encrypted) -> None:
    with encrypted.connect() as connection:
        connection.setblocking(False)
        request = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 50
        sent, end = 0, time.monotonic() + 1.0
        while time.monotonic() < end and sent < 50_000_000:
            try:
                sent += connection.send(request)
            except (ssl.SSLWantWriteError, BlockingIOError):
                time.sleep(0.01)
    assert sent < 50_000_000
    status = Path(f"/proc/{encrypted.program.process.pid}/status").read_text(encoding="utf-8")
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    assert int(resident.split()[1]) < 1_000_000
    assert ask(encrypted, BODY, "/rerank")[0] == 200
