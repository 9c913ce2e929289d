# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Requests of some hundred KB that would take gigabytes, one for each way into the tensor service.

In: a port. Out: what was answered. Called by test_bombs and by abuse.
"""

from __future__ import annotations

import contextlib
import gzip
import re
import socket
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Callable

import grpc

from contract.wire.tensor_codec import SERVICE
from tests.general_model_service import wire

MB = 2**20
_INFLATED = 300 * MB
# HTTP's, gRPC's and brpc's ways to refuse, and a peer that hung up
REFUSED = frozenset({400, 413, 429, "RESOURCE_EXHAUSTED", "INVALID_ARGUMENT", 1003, 1011, -5100, 0})

Answer = int | str
Bomb = Callable[[int], Answer]


def _varint(number: int) -> bytes:
    head = b""
    while number > 0x7F:
        head += bytes([number & 0x7F | 0x80])
        number >>= 7
    return head + bytes([number])


def _ids(count: int) -> bytes:
    """A protobuf request of one tensor: so many ids, of one byte each."""
    field = b"\x0a" + _varint(count)
    return b"\x0a" + _varint(len(field) + count) + field + b"\x01" * count


@cache
def _gzipped_brackets() -> bytes:
    return gzip.compress(b"[" * _INFLATED, compresslevel=9)


@cache
def _gzipped_ids() -> bytes:
    return gzip.compress(_ids(_INFLATED), compresslevel=9)


def _post(port: int, body: bytes, kind: str, coding: str = "") -> Answer:
    headers = {"Content_Type": kind, **({"Content_Encoding": coding} if coding else {})}
    try:
        return wire.post(port, body, **headers).status
    except OSError:  # refused before it was sent, and the answer lost
        return 0


def gzip_of_brackets(port: int) -> Answer:
    """300 MiB of ``[``, in 306 kB."""
    return _post(port, _gzipped_brackets(), "application/json", "gzip")


def gzip_of_protobuf(port: int) -> Answer:
    """A tensor of 300 million ids of one byte each."""
    return _post(port, _gzipped_ids(), "application/proto", "gzip")


@cache
def _zlib(byte: bytes) -> bytes:
    return zlib.compress(byte * _INFLATED, 6)


def deflate_of_brackets(port: int) -> Answer:
    """The same as zlib has it."""
    return _post(port, _zlib(b"["), "application/json", "deflate")


def nested_json(port: int) -> Answer:
    """A body as large as is taken, and nothing but brackets."""
    return _post(port, b'{"a":' + b"[" * (60 * MB), "application/json")


def flat_json(port: int) -> Answer:
    """Thirty million values in a field that nobody knows."""
    return _post(port, b'{"a":[' + b"1," * (30 * MB) + b"1]}", "application/json")


def ids_of_one_byte(port: int) -> Answer:
    """A body as large as is taken, which becomes 40 times that in memory."""
    return _post(port, _ids(60 * MB), "application/proto")


def grpc_gzip(port: int) -> Answer:
    """A message that its peer has compressed."""
    options = [("grpc.max_send_message_length", -1)]
    with grpc.insecure_channel(f"127.0.0.1:{port}", options) as channel:
        call = channel.unary_unary(f"/{SERVICE}/inference")
        try:
            call(_ids(200 * MB), timeout=60, compression=grpc.Compression.Gzip)
        except grpc.RpcError as error:
            return str(error.code().name)
    return "OK"


def baidu_std_gzip(port: int) -> Answer:
    """The payload of a brpc call."""
    error, response = wire.call_baidu_std(port, _gzipped_ids(), 2)
    return error or int(response.err_no)


def baidu_std_zlib(port: int) -> Answer:
    """The same as zlib has it."""
    error, response = wire.call_baidu_std(port, _zlib(b"\x00"), 3)
    return error or int(response.err_no)


# some hundred KB on the wire
COMPRESSED: tuple[Bomb, ...] = (
    gzip_of_brackets,
    gzip_of_protobuf,
    deflate_of_brackets,
    grpc_gzip,
    baidu_std_gzip,
    baidu_std_zlib,
)
# as large on the wire as is taken
LARGE: tuple[Bomb, ...] = (nested_json, flat_json, ids_of_one_byte)


def memory_mb(pid: int, field: str = "VmRSS") -> float:
    """What a process holds, or with VmHWM the most that it ever held."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    found = re.search(rf"{field}:\s+(\d+)", status)
    assert found is not None
    return int(found.group(1)) / 1024.0


def forget_peak(pid: int) -> None:
    """Have VmHWM begin anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


def together(kind: Bomb, port: int, count: int) -> list[Answer]:
    """Several of one kind at once."""
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(kind, [port] * count))


@contextlib.contextmanager
def half_sent(port: int, connections: int, size: int) -> Iterator[list[int]]:
    """Bodies of which all but the last byte is sent; the statuses of those refused meanwhile."""
    head = f"POST {wire.PATH} HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n".encode()
    statuses: list[int] = []
    with contextlib.ExitStack() as stack:
        for _ in range(connections):
            peer = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
            with contextlib.suppress(OSError):
                peer.sendall(head + b"[" * (size - 1))
            peer.settimeout(0.5)
            with contextlib.suppress(OSError):
                answer = peer.recv(100)
                if answer.startswith(b"HTTP/1.1 "):
                    statuses.append(int(answer.split()[1]))
        yield statuses
