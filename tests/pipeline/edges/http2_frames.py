# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Frames of HTTP/2 made by hand, and a plain socket that sends them: what no gRPC client would do.

Headers are written as literals, which every HPACK reader takes, so no library is needed.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading

Address = tuple[str, int]

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION = (
    0, 1, 2, 3, 4, 6, 8, 9,
)  # fmt: skip
ACK = END_STREAM = 0x1
END_HEADERS = 0x4
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_PATH = b"/baidu.paddle_serving.pipeline_serving.PipelineService/inference"
_CANCEL = 8
_KEPT_BYTES = 1 << 16


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """One frame."""
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def _literal(name: bytes, value: bytes) -> bytes:
    return b"\x00" + _length(name) + name + _length(value) + value


def _length(text: bytes) -> bytes:
    """HPACK's number with a prefix of 7 bits."""
    left = len(text)
    if left < 127:
        return bytes([left])
    digits, left = [127], left - 127
    while left >= 128:
        digits.append(left % 128 + 128)
        left //= 128
    return bytes([*digits, left])


def call_headers(*more: tuple[bytes, bytes]) -> bytes:
    """The block of headers of a call to the RPC service."""
    fields = (
        (b":method", b"POST"), (b":scheme", b"http"), (b":path", _PATH), (b":authority", b"a"),
        (b"content-type", b"application/grpc"), (b"te", b"trailers"), *more,
    )  # fmt: skip
    return b"".join(_literal(name, value) for name, value in fields)


def begun(stream: int, flags: int = END_HEADERS, *more: tuple[bytes, bytes]) -> bytes:
    """The frame that begins a call."""
    return frame(HEADERS, flags, stream, call_headers(*more))


def reset(stream: int) -> bytes:
    """The frame that cancels it."""
    return frame(RST_STREAM, 0, stream, struct.pack(">I", _CANCEL))


def message(stream: int, data: bytes) -> bytes:
    """The frame with a whole gRPC message, which ends the call's sending."""
    return frame(DATA, END_STREAM, stream, struct.pack(">BI", 0, len(data)) + data)


class Connection:
    """A connection that has greeted.

    Attributes:
        data: the end of what the service has sent.
        ended: whether the service has closed it.
    """

    def __init__(self, address: Address) -> None:
        self._socket = socket.create_connection(address, timeout=30)
        self._socket.sendall(_PREFACE + frame(SETTINGS, 0, 0))
        self.data = b""
        self.ended = False
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while part := self._socket.recv(1 << 16):
                self.data = (self.data + part)[-_KEPT_BYTES:]
        self.ended = True

    def send(self, data: bytes) -> bool:
        """Whether the service still takes it."""
        try:
            self._socket.sendall(data)
        except OSError:
            return False
        return True

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._reading.join(5)
