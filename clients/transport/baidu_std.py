# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Calls a brpc service by baidu_std, brpc's own protocol, over plain sockets.

Connections are kept and lent to one call at a time, as brpc's
"pooled" ones are, so that a large answer never delays a small one.
"""

from __future__ import annotations

import contextlib
import itertools
import socket
import struct
import threading
import time

from google.protobuf import message

from contract.errors import DeadlineExceeded
from contract.protobuf_classes import BYTES, INT32, INT64, STRING, Field, message_classes
from contract.wire.caller_errors import Unreachable, UnreadableAnswer
from contract.wire.endpoint import host_and_port
from contract.wire.tensor_errors import from_brpc

_HEADER = struct.Struct(">4sII")
_MAGIC = b"PRPC"
# beyond what a service sends; keeps another protocol's bytes from being taken for a size
_MAX_BODY_BYTES = 1 << 30
_MAX_IDLE = 32
_CHUNK = 1 << 20

_RpcMeta, _RequestMeta, _ResponseMeta = message_classes(
    "baidu_std",
    {
        "RpcMeta": (
            Field("request", 1, "RpcRequestMeta"),
            Field("response", 2, "RpcResponseMeta"),
            Field("compress_type", 3, INT32),
            Field("correlation_id", 4, INT64),
            Field("attachment_size", 5, INT32),
            Field("authentication_data", 7, BYTES),
        ),
        "RpcRequestMeta": (
            Field("service_name", 1, STRING),
            Field("method_name", 2, STRING),
            Field("log_id", 3, INT64),
            Field("timeout_ms", 8, INT32),
        ),
        "RpcResponseMeta": (Field("error_code", 1, INT32), Field("error_text", 2, STRING)),
    },
    syntax="proto2",
)


def encode_call(
    service: str, method: str, payload: bytes, correlation_id: int, timeout_s: float, log_id: int
) -> bytes:
    """One request message: header, meta, payload."""
    meta = _RpcMeta(correlation_id=correlation_id)
    meta.request.service_name = service
    meta.request.method_name = method
    meta.request.timeout_ms = max(1, int(timeout_s * 1000))
    if 0 < log_id < 1 << 63:
        meta.request.log_id = log_id
    head: bytes = meta.SerializeToString()
    return _HEADER.pack(_MAGIC, len(head) + len(payload), len(head)) + head + payload


def decode_answer(meta_bytes: bytes, rest: bytes, correlation_id: int) -> bytes:
    """The payload of an answer, from what stands after its header.

    Raises:
        UnreadableAnswer: not an answer, or one to another call.
        RankingError: the error that it holds.
    """
    try:
        meta = _RpcMeta.FromString(meta_bytes)
    except message.DecodeError as error:
        raise UnreadableAnswer(f"the answer's meta is not brpc's ({error})") from error
    if meta.correlation_id != correlation_id or meta.compress_type:
        raise UnreadableAnswer(
            f"an answer to call {meta.correlation_id} with compression {meta.compress_type}, "
            f"expected one to call {correlation_id} without"
        )
    if meta.response.error_code:
        raise from_brpc(meta.response.error_code, meta.response.error_text)
    return rest[: len(rest) - meta.attachment_size]


class BaiduChannel:
    """Calls one method of one server; safe to share between threads."""

    def __init__(self, endpoint: str, service: str, method: str, connect_timeout_s: float) -> None:
        """Prepare a pool; nothing connects before the first call."""
        self.endpoint = endpoint
        self._service, self._method = service, method
        self._connect_timeout_s = connect_timeout_s
        self._idle: list[socket.socket] = []
        self._lock = threading.Lock()
        self._correlation_ids = itertools.count(1)

    def call(self, payload: bytes, timeout_s: float, log_id: int) -> bytes:
        """Send one request and wait for its answer; the deadline is told to the service.

        Raises:
            RankingError: the service's error, or that of the connection.
        """
        deadline = time.monotonic() + timeout_s
        number = next(self._correlation_ids)
        connection = self._take(timeout_s)
        try:
            left = deadline - time.monotonic()
            request = encode_call(self._service, self._method, payload, number, left, log_id)
            meta, rest = self._exchange(connection, request, deadline)
        except socket.timeout as error:
            raise DeadlineExceeded(
                f"no answer within {timeout_s:.3g} s; send fewer documents or allow more time",
                field=self.endpoint,
            ) from error
        except OSError as error:
            raise Unreachable(
                f"the connection broke ({error}); is the tensor service running there?",
                field=self.endpoint,
            ) from error
        return decode_answer(meta, rest, number)

    def _exchange(
        self, connection: socket.socket, request: bytes, deadline: float
    ) -> tuple[bytes, bytes]:
        """The answer's meta and what follows it; a connection that fails is not used again."""
        try:
            connection.settimeout(_left(deadline))
            connection.sendall(request)
            answer = _receive_message(connection, deadline)
        except BaseException:
            connection.close()
            raise
        self._give_back(connection)
        return answer

    def _take(self, timeout_s: float) -> socket.socket:
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                return self._connect(timeout_s)
            if _is_quiet(connection):
                return connection
            connection.close()

    def _connect(self, timeout_s: float) -> socket.socket:
        limit = min(timeout_s, self._connect_timeout_s)
        try:
            connection = socket.create_connection(host_and_port(self.endpoint), timeout=limit)
        except OSError as error:
            raise Unreachable(
                f"no connection ({error}); is the tensor service running there?",
                field=self.endpoint,
            ) from error
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def _give_back(self, connection: socket.socket) -> None:
        with self._lock:
            if len(self._idle) < _MAX_IDLE:
                self._idle.append(connection)
                return
        connection.close()

    def close(self) -> None:
        """Close the idle connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            with contextlib.suppress(OSError):
                connection.close()


def _is_quiet(connection: socket.socket) -> bool:
    """Whether an idle connection is fit for use: what can be read there now is its end."""
    connection.setblocking(False)
    try:
        connection.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise socket.timeout
    return left


def _receive_message(connection: socket.socket, deadline: float) -> tuple[bytes, bytes]:
    """Meta, and what follows it."""
    header = _receive(connection, _HEADER.size, deadline)
    magic, body_size, meta_size = _HEADER.unpack(header)
    if magic != _MAGIC or not meta_size <= body_size <= _MAX_BODY_BYTES:
        raise UnreadableAnswer(f"the answer begins with {header!r}, which is not baidu_std")
    body = _receive(connection, body_size, deadline)
    return body[:meta_size], body[meta_size:]


def _receive(connection: socket.socket, size: int, deadline: float) -> bytes:
    """Exactly so many bytes, however slowly they trickle, within the time."""
    received = bytearray()
    while len(received) < size:
        connection.settimeout(_left(deadline))
        chunk = connection.recv(min(size - len(received), _CHUNK))
        if not chunk:
            raise ConnectionResetError("closed by the service")
        received += chunk
    return bytes(received)
