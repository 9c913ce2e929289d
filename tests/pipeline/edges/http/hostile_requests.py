# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Requests that no good client sends, over plain sockets.

Each kind takes an address and a random generator, sends, and returns the status of the answer, or
0 where the connection ended without one, which a kind that leaves early or sends no HTTP may see.
"""

from __future__ import annotations

import contextlib
import json
import random
import socket
import struct
from typing import Callable

Address = tuple[str, int]
Kind = Callable[[Address, random.Random], int]
_PATHS = ("/rerank", "/v1/rerank", "/ranker/prediction", "/ernie/prediction", "/feedback")
_LIMIT_S = 30.0
_GOOD = '{"query":"感冒","documents":["感冒灵","合同"]}'.encode()
_BODIES: tuple[Callable[[random.Random], bytes], ...] = (
    lambda r: _GOOD[: r.randrange(len(_GOOD))],
    lambda r: b"[" * r.choice((10, 1_000, 100_000)),
    lambda r: b'{"query":' * 5_000 + b"1" + b"}" * 5_000,
    lambda r: (
        b'{"query":"a","documents":["b"],"top_n":%s}' % (b"9" * r.choice((20, 5_000, 50_000)))
    ),
    lambda r: (
        b'{"query":"a","documents":["b"],"top_n":%s}'
        % r.choice((b"NaN", b"-Infinity", b"1e999", b"-1", b"0", b"1.5", b"true", b'"1"'))
    ),
    lambda r: b'{"query":"\\ud800","documents":["\\udfff"]}',
    lambda r: b'{"query":"a","query":"b","documents":["c"]}',
    lambda r: b'{"query":"\xff\xfe","documents":["a"]}',
    lambda r: b"\xef\xbb\xbf" + _GOOD,
    lambda r: r.choice((b"null", b"[]", b"1", b'"a"', b"true", b"", b" ", b"\x00")),
    lambda r: json.dumps({"query": "a", "documents": [r.choice((None, 1, [], {}, [[]]))]}).encode(),
    lambda r: json.dumps({"query": r.choice((None, 1, [], {})), "documents": "a"}).encode(),
    lambda r: json.dumps(
        {"key": ["0"], "value": [r.choice(("1+" * 9_000, "{", "['a'", ""))]}
    ).encode(),
    lambda r: json.dumps({"key": ["0"] * 3, "value": ["{}"] * r.randrange(4)}).encode(),
    lambda r: json.dumps({"texts": ["a"], "documents": ["a"], "query": "a"}).encode(),
    lambda r: json.dumps({"query": "a", "documents": [], "model": "no" * 500}).encode(),
    lambda r: json.dumps({"request_id": "a", "clicks": [-1, 1e300, None]}).encode(),
    lambda r: bytes(r.randrange(256) for _ in range(200)),
)
_HEADERS = (
    b"x-timeout-ms: NaN",
    b"x-timeout-ms: -1",
    b"x-ranker: nobody",
    b"x-request-id: \xe4\xb8\xad",
    b"authorization: Bearer \xff",
    b"content-type: text/plain",
    b"content-encoding: gzip",
    b"upgrade: websocket\r\nconnection: upgrade",
    b"x-forwarded-for: " + b"1, " * 500,
)


def _connect(address: Address) -> socket.socket:
    return socket.create_connection(address, timeout=_LIMIT_S)


def _status(connection: socket.socket) -> int:
    """Of the first answer; the rest is read until the end or until the answer is whole."""
    data = b""
    try:
        while b"\r\n" not in data:
            part = connection.recv(4096)
            if not part:
                return 0
            data += part
    except OSError:
        return 0
    version, _, rest = data.partition(b" ")
    assert version == b"HTTP/1.1", data[:80]
    return int(rest[:3])


def _exchange(address: Address, data: bytes) -> int:
    with _connect(address) as connection:
        # refused before all of it was sent: the answer is there to read
        with contextlib.suppress(OSError):
            connection.sendall(data)
        return _status(connection)


def _post(path: bytes, body: bytes, *headers: bytes) -> bytes:
    lines = (b"POST %b HTTP/1.1" % path, b"host: a", b"content-length: %d" % len(body), *headers)
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def _path(rng: random.Random) -> bytes:
    return rng.choice(_PATHS).encode()


def bad_body(address: Address, rng: random.Random) -> int:
    """JSON of every wrong kind."""
    return _exchange(address, _post(_path(rng), rng.choice(_BODIES)(rng)))


def bad_header(address: Address, rng: random.Random) -> int:
    """A good body under a header that means nothing."""
    return _exchange(address, _post(_path(rng), _GOOD, rng.choice(_HEADERS)))


def wrong_method(address: Address, rng: random.Random) -> int:
    """Every verb on every path."""
    verb = rng.choice((b"PUT", b"DELETE", b"PATCH", b"TRACE", b"OPTIONS", b"BREW", b"HEAD"))
    path = rng.choice((_path(rng), b"/health", b"/", b"/docs", b"*"))
    return _exchange(address, b"%b %b HTTP/1.1\r\nhost: a\r\n\r\n" % (verb, path))


def odd_path(address: Address, rng: random.Random) -> int:
    """Encoded, climbing, absolute and endless paths."""
    paths = (
        b"/%2e%2e/%2e%2e/etc/passwd", b"/%ff%fe/prediction", b"/%00/%00", b"//rerank", b"/rerank/",
        b"/docs/assets/../../config", b"/" + b"a" * 20_000, b"http://elsewhere/rerank", b"/%",
        b"/%zz",         b"/ranker/prediction?" + b"a=b&" * 1_000, b"/%F0%9F%92%A9/prediction",
    )  # fmt: skip
    return _exchange(address, _post(rng.choice(paths), _GOOD))


def garbage(address: Address, rng: random.Random) -> int:
    """No HTTP at all, or something near it."""
    data = rng.choice(
        (
            bytes(rng.randrange(256) for _ in range(300)) + b"\r\n\r\n",
            b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc" + b"\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"POST /rerank HTTP/1.1\r\n\r\n",
            b"POST /rerank HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
            b"POST /rerank HTTP/1.1\r\nhost: a\r\ncontent-length: -5\r\n\r\n",
            b"POST /rerank HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip\r\n\r\n",
            b"POST /rerank HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        )
    )  # fmt: skip
    return _exchange(address, data)


def huge_length(address: Address, rng: random.Random) -> int:
    """More declared than any body may have."""
    digits = b"9" * rng.choice((9, 12, 18, 25))
    head = b"POST %b HTTP/1.1\r\nhost: a\r\ncontent-length: %b\r\n\r\nx" % (_path(rng), digits)
    return _exchange(address, head)


def giant_header(address: Address, rng: random.Random) -> int:
    """Over the bound on headers."""
    head = b"GET /health HTTP/1.1\r\nhost: a\r\nx: " + b"y" * rng.choice((70_000, 300_000))
    return _exchange(address, head + b"\r\n\r\n")


def old_http(address: Address, rng: random.Random) -> int:
    """HTTP/1.0, with and without a length."""
    body = rng.choice((_GOOD, b""))
    head = b"POST /rerank HTTP/1.0\r\ncontent-length: %d\r\n\r\n" % len(body)
    return _exchange(address, head + body)


def expects_continue(address: Address, rng: random.Random) -> int:
    """Expect: 100-continue, then the body, another one, or nothing."""
    with _connect(address) as connection:
        head = _post(b"/rerank", _GOOD, b"expect: 100-continue")[: -len(_GOOD)]
        connection.sendall(head)
        status = _status(connection)
        if rng.random() < 0.5:
            connection.sendall(_GOOD)
            return _status(connection)
        return status


def cut_chunks(address: Address, rng: random.Random) -> int:
    """A chunked body that ends anywhere."""
    head = b"POST /rerank HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"
    whole = b"%x\r\n%b\r\n0\r\n\r\n" % (len(_GOOD), _GOOD)
    with _connect(address) as connection:
        connection.sendall(head + whole[: rng.randrange(len(whole) + 1)])
        connection.shutdown(socket.SHUT_WR)
        return _status(connection)


def leaves(address: Address, rng: random.Random) -> int:
    """Gone in the middle of anything, politely or with a reset."""
    body = json.dumps({"query": "感冒", "documents": ["合同"] * 20 + [str(rng.random())]}).encode()
    data = _post(_path(rng), body)
    with _connect(address) as connection:
        connection.sendall(data[: rng.choice((rng.randrange(len(data)), len(data)))])
        if rng.random() < 0.5:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return 0


def pipelined(address: Address, rng: random.Random) -> int:
    """Good requests and garbage, all at once."""
    parts = [_post(b"/rerank", _GOOD) for _ in range(rng.randrange(1, 5))]
    parts.insert(rng.randrange(len(parts) + 1), bytes(rng.randrange(256) for _ in range(50)))
    return _exchange(address, b"".join(parts))


def many_documents(address: Address, rng: random.Random) -> int:
    """More than may be, or longer than may be."""
    count, length = rng.choice(((5_000, 1), (1, 200_000)))
    body = json.dumps({"query": "a", "documents": ["b" * length] * count}).encode()
    return _exchange(address, _post(_path(rng), body))


KINDS: tuple[Kind, ...] = (
    bad_body, bad_body, bad_body, bad_body, bad_header, wrong_method, odd_path, garbage,
    huge_length, giant_header, old_http, expects_continue, cut_chunks, leaves, leaves,
    pipelined, many_documents,
)  # fmt: skip


def slow(address: Address, part: bytes) -> socket.socket:
    """A connection that sends a part of a request and then nothing; the caller closes it."""
    connection = _connect(address)
    connection.sendall(part)
    return connection


SLOW_PARTS = (
    b"",
    b"POST /rer",
    b"POST /rerank HTTP/1.1\r\nhost: a\r\n",
    b"POST /rerank HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{",
    b"POST /rerank HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{",
    b"POST /rerank HTTP/1.1\r\nhost: a\r\ncontent-length: 999999999999\r\n\r\n",
)
