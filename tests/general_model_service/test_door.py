# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Who may come in, by which address and path; and how many cores the service takes."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from child_services.child import free_port
from child_services.tensor_process import TensorProcess
from contract.errors import SetUpError
from tests.general_model_service import wire
from tests.tensor_service import StartTensorService

PAIRWISE = "serving_models/pairwise"


def status_of(port: int, head: str, address: str = "127.0.0.1") -> tuple[int, bytes]:
    """Status and body of one request, on a connection that ends with it."""
    with socket.create_connection((address, port), timeout=30) as connection:
        connection.sendall(f"{head}Connection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    top, _, body = answer.partition(b"\r\n\r\n")
    return int(top.split()[1]), body


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("GET /health HTTP/1.1\r\n", 400),
        ("GET /health HTTP/1.1\r\nHost: a\r\nHost: a\r\n", 400),
        ("GET /health HTTP/1.1\r\nHost: a\r\nhost: b\r\n", 400),
        ("GET /health HTTP/1.1\r\nHost: a\r\n", 200),
        ("GET /health HTTP/1.1\r\nHost:\r\n", 200),
        ("GET /health HTTP/1.0\r\n", 200),
    ],
)
def test_one_host(pairwise: TensorProcess, head: str, status: int) -> None:
    found, body = status_of(pairwise.port, head)
    assert found == status
    assert (b"Host: missing, or there twice" in body) == (status == 400)


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics", "/", "/health/", "/metrics/"])
def test_head_is_get_without_a_body(pairwise: TensorProcess, path: str) -> None:
    assert status_of(pairwise.port, f"HEAD {path} HTTP/1.1\r\nHost: a\r\n") == (200, b"")
    status, body = status_of(pairwise.port, f"GET {path} HTTP/1.1\r\nHost: a\r\n")
    assert (status, body != b"") == (200, True)


def test_a_slash_behind_a_path(pairwise: TensorProcess) -> None:
    for path in (f"{wire.PATH}/", f"{wire.PATH}/?a=b", "/GeneralModelService/debug/"):
        assert wire.post(pairwise.port, wire.json_request(), path).status == 200
    assert wire.get(pairwise.port, "/nothing/").status == 404
    assert wire.get(pairwise.port, f"{wire.PATH}//").status == 404


def test_a_byte_order_mark_before_json(pairwise: TensorProcess) -> None:
    assert wire.post(pairwise.port, "\ufeff" + wire.json_request()).status == 200
    assert wire.post(pairwise.port, "\ufeff\ufeff" + wire.json_request()).status == 400


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def test_a_host_by_address_or_name(tensor_service: StartTensorService, repository: Path) -> None:
    for host in ("127.0.0.1", "localhost"):
        service = tensor_service(repository / PAIRWISE, "--host", host)
        assert wire.alive(service.port)
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.2", service.port), timeout=30)


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
def test_all_addresses_of_both_kinds(tensor_service: StartTensorService, repository: Path) -> None:
    service = tensor_service(repository / PAIRWISE, "--host", "::")
    for address in ("127.0.0.1", "::1"):
        head = "GET /health HTTP/1.1\r\nHost: a\r\n"
        assert status_of(service.port, head, address)[0] == 200


def test_a_host_that_has_no_address(tensor_service: StartTensorService, repository: Path) -> None:
    with pytest.raises(SetUpError, match="neither an IP address nor a name"):
        tensor_service(repository / PAIRWISE, "--host", "nowhere.invalid")


def test_it_takes_the_cores_it_may_run_on(repository: Path, tensor_program: Path) -> None:
    """Under taskset one stream, whatever the machine has."""
    core = min(os.sched_getaffinity(0))
    command = ["taskset", "-c", str(core), sys.executable, "-m", "general_model_service"]
    with subprocess.Popen(
        [*command, "--model", PAIRWISE, "--port", str(free_port())],
        cwd=repository,
        stderr=subprocess.PIPE,
        text=True,
    ) as service:
        assert service.stderr is not None
        try:
            said = next(line for line in service.stderr if "ready on" in line)
        finally:
            service.terminate()
    assert re.search(r"1 x 1 threads", said)
