# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Bad, slow and vanishing peers: the service goes on answering others."""

from __future__ import annotations

import contextlib
import gzip
import random
import socket
import struct
import time
from pathlib import Path

import grpc
import numpy as np
import pytest

from child_services.tensor_process import TensorProcess
from contract.encoding import Row
from tests.general_model_service import wire
from tests.tensor_service import StartTensorService

PAIRWISE = "serving_models/pairwise"
GOOD = wire.json_request().encode()
HEAD = (
    b"POST /GeneralModelService/inference HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
)
REQUEST = HEAD + b"Content-Length: %d\r\n\r\n" % len(GOOD) + GOOD
GRPC_METHOD = "/baidu.paddle_serving.predictor.general_model.GeneralModelService/inference"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def connect(service: TensorProcess) -> socket.socket:
    return socket.create_connection(("127.0.0.1", service.port), timeout=10)


def read_all(connection: socket.socket) -> bytes:
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(65536):
            data += part
    return data


@pytest.mark.parametrize(
    "data",
    [
        b"\x00" * 100,
        b"\xff" * 100,
        b"GET\r\n\r\n",
        b"PRPX" + b"\x00" * 20,
        b"PRPC" + b"\xff" * 8 + b"x" * 50,
        b"PRPC" + struct.pack(">II", 4, 400) + b"x" * 50,
        PREFACE + b"\xff" * 200,
        PREFACE + b"\x00\x00\x05\x01\x05\x00\x00\x00\x01abcde",
        b"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 100000,
        b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n\r\n",
    ],
    ids=range(14),
)
def test_garbage_ends_its_own_connection_only(pairwise: TensorProcess, data: bytes) -> None:
    with connect(pairwise) as connection:
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        read_all(connection)
    assert wire.alive(pairwise.port)


def test_random_bytes(pairwise: TensorProcess) -> None:
    source = random.Random(3)
    for start in (b"", b"PRPC", PREFACE, b"POST / HTTP/1.1\r\n"):
        for _ in range(50):
            lost = contextlib.suppress(ConnectionResetError, BrokenPipeError)
            with connect(pairwise) as connection, lost:
                connection.sendall(start + source.randbytes(source.randrange(300)))
    assert wire.alive(pairwise.port)


def test_truncated_requests(pairwise: TensorProcess) -> None:
    for cut in range(1, len(REQUEST), 37):
        with connect(pairwise) as connection:
            connection.sendall(REQUEST[:cut])
    assert wire.alive(pairwise.port)


def test_a_request_in_single_bytes(pairwise: TensorProcess) -> None:
    with connect(pairwise) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for number in REQUEST:
            connection.sendall(bytes([number]))
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_pipelined_requests_are_answered_in_order(pairwise: TensorProcess) -> None:
    bodies = [wire.json_request(log_id=number).encode() for number in range(1, 31)]
    with connect(pairwise) as connection:
        connection.sendall(
            b"".join(HEAD + b"Content-Length: %d\r\n\r\n" % len(b) + b for b in bodies)
        )
        data = b""
        while data.count(b'"log_id":') < len(bodies):
            part = connection.recv(65536)
            assert part
            data += part
    positions = [data.index(b'"log_id":%d,' % number) for number in range(1, 31)]
    assert positions == sorted(positions)


def test_a_chunked_body_after_100_continue(pairwise: TensorProcess) -> None:
    with connect(pairwise) as connection:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n")
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        for at in range(0, len(GOOD), 50):
            part = GOOD[at : at + 50]
            connection.sendall(b"%x\r\n%s\r\n" % (len(part), part))
        connection.sendall(b"0\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_oversized_bodies_are_refused_before_they_are_sent(
    tensor_service: StartTensorService, repository: Path
) -> None:
    service = tensor_service(repository / PAIRWISE, "--max_body_size", "4096")
    with connect(service) as connection:
        connection.sendall(HEAD + b"Content-Length: 4097\r\nExpect: 100-continue\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")
    bomb = gzip.compress(b" " * 1_000_000)
    answer = wire.post(service.port, bomb, Content_Type="application/json", Content_Encoding="gzip")
    assert answer.status == 413
    # RpcMeta{request{service_name: "a", method_name: "b"}, correlation_id: 9}
    meta = b"\x0a\x06\x0a\x01a\x12\x01b\x20\x09"
    with connect(service) as connection:
        connection.sendall(b"PRPC" + struct.pack(">II", 5000, len(meta)) + meta.ljust(5000))
        fields = wire.fields_of(wire.read_baidu_std(connection)[0])
    assert (fields[4], wire.fields_of(fields[2])[1]) == (9, 1003)
    assert wire.alive(service.port)


def test_slow_senders_are_cut_off_and_others_answered(
    tensor_service: StartTensorService, repository: Path
) -> None:
    service = tensor_service(repository / PAIRWISE, "--read_timeout_s", "1")
    starts = [
        b"",
        b"P",
        b"POST / HT",
        HEAD,
        HEAD + b"Content-Length: 9\r\n\r\n{",
        b"PRPC\x00",
        PREFACE[:20],
    ]
    slow = [connect(service) for _ in range(5) for _ in starts]
    try:
        for number, connection in enumerate(slow):
            connection.sendall(starts[number % len(starts)])
        assert wire.alive(service.port)
        for connection in slow:
            connection.settimeout(20)
            read_all(connection)  # ends when the service closes
        assert wire.metric(service.port, "tensor_service_timeouts_total") == len(slow)
    finally:
        for connection in slow:
            connection.close()
    assert wire.alive(service.port)


def test_many_idle_connections(pairwise: TensorProcess) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(500):
            stack.enter_context(connect(pairwise))
        assert wire.alive(pairwise.port)


def test_connections_beyond_the_limit_are_closed(
    tensor_service: StartTensorService, repository: Path
) -> None:
    service = tensor_service(repository / PAIRWISE, "--max_connections", "20")
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(connect(service)) for _ in range(40)]
        closed = 0
        for connection in connections:
            connection.settimeout(0.2)
            try:
                closed += connection.recv(1) == b""
            except socket.timeout:
                continue
            except ConnectionResetError:
                closed += 1
        assert closed >= 20
    deadline = time.monotonic() + 10
    while True:
        with contextlib.suppress(OSError):
            if wire.alive(service.port):
                return
        assert time.monotonic() < deadline


def test_a_caller_that_has_gone_is_not_computed(
    tensor_service: StartTensorService, repository: Path
) -> None:
    flags = ("--runtime_thread_num", "1", "--batch_tokens", "384", "--queue_factor", "100000")
    service = tensor_service(repository / PAIRWISE, *flags)
    long = ([5] * 384, [0] * 384)
    busy = wire.json_request([long] * 60).encode()
    gone = wire.json_request([long] * 100).encode()
    with connect(service) as first:
        first.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(busy) + busy)
        second = connect(service)
        second.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(gone) + gone)
        while wire.metric(service.port, "tensor_service_queued_tokens") < 384 * 100:
            time.sleep(0.01)
        second.close()
        assert first.recv(100).startswith(b"HTTP/1.1 200 ")
    deadline = time.monotonic() + 20
    while wire.metric(service.port, "tensor_service_cancelled_rows_total") < 50:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert wire.metric(service.port, 'tensor_service_requests_total{status="cancelled"}') == 1


def test_a_connection_outlives_hundreds_of_cancelled_calls(
    tensor_service: StartTensorService, repository: Path
) -> None:
    flags = ("--runtime_thread_num", "1", "--batch_tokens", "65536", "--batch_infer_size", "1000")
    service = tensor_service(repository / PAIRWISE, *flags, "--queue_floor", "65536")
    busy = wire.json_request([([5] * 384, [0] * 384)] * 100).encode()
    rows = [Row(np.full(8, 5), np.zeros(8, dtype=np.int64), False)]
    long = [Row(np.full(384, 5), np.zeros(384, dtype=np.int64), False)] * 50
    address = f"127.0.0.1:{service.port}"
    with connect(service) as first, grpc.insecure_channel(address) as channel:
        inference = channel.unary_unary(GRPC_METHOD)
        first.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(busy) + busy)
        while wire.metric(service.port, "tensor_service_rows_total") < 100:
            time.sleep(0.01)
        # while that batch is computed; a connection has at most 256 calls open
        for sent in (150, 300):
            calls = [inference.future(wire.ragged_request(rows)) for _ in range(150)]
            while wire.metric(service.port, "tensor_service_queued_tokens") < sent * 8:
                time.sleep(0.01)
            for call in calls:
                call.cancel()
        assert first.recv(100).startswith(b"HTTP/1.1 200 ")
        # more than one read, so that nothing is sent back after the first
        answer = inference(wire.ragged_request(long), timeout=60)
    assert len(wire.floats_of(answer)) == 50
    assert wire.metric(service.port, 'tensor_service_requests_total{status="cancelled"}') == 300


def test_a_deadline_is_honoured(tensor_service: StartTensorService, repository: Path) -> None:
    service = tensor_service(repository / PAIRWISE, "--runtime_thread_num", "1")
    body = wire.json_request([([5] * 384, [0] * 384)] * 100)
    answer = wire.post(service.port, body, x_timeout_ms="5")
    assert answer.status == 504
    assert "deadline" in answer.json["err_msg"]
    assert wire.alive(service.port)


def test_a_full_queue_answers_at_once(tensor_service: StartTensorService, repository: Path) -> None:
    flags = ("--runtime_thread_num", "1", "--queue_factor", "1", "--queue_floor", "0")
    service = tensor_service(repository / PAIRWISE, *flags)
    rows = 800  # are in work for longer than anybody sleeps here
    body = wire.json_request([([5] * 384, [0] * 384)] * rows).encode()
    with contextlib.ExitStack() as stack:
        for _ in range(2):
            connection = stack.enter_context(connect(service))
            connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        while wire.metric(service.port, "tensor_service_queued_tokens") < 384 * rows:
            time.sleep(0.01)
        time.sleep(0.15)  # from now on the queue is no burst
        answer = wire.post(service.port, body.decode())
        assert answer.status == 429
        assert answer.headers["Retry-After"] == "1"
        assert answer.json["err_no"] == -5000


def test_sigterm_answers_what_is_open(tensor_service: StartTensorService, repository: Path) -> None:
    service = tensor_service(repository / PAIRWISE, "--runtime_thread_num", "1")
    body = wire.json_request([([5] * 384, [0] * 384)] * 40).encode()
    with connect(service) as busy, connect(service) as idle:
        busy.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        while wire.metric(service.port, "tensor_service_queued_tokens") == 0:
            time.sleep(0.01)
        service.process.terminate()
        assert busy.recv(100).startswith(b"HTTP/1.1 200 ")
        assert read_all(idle) == b""
    assert service.process.wait(20) == 0
