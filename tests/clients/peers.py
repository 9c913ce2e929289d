# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Peers that behave as no service should, on real sockets; for the tests of clients' failures."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Callable

import pytest

Behaviour = Callable[[socket.socket, threading.Event], None]
Serve = Callable[[Behaviour], int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts socket servers that treat every connection as a behaviour says."""
    stop = threading.Event()
    listeners: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def start(behaviour: Behaviour) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listener.settimeout(0.05)
        listeners.append(listener)

        def accept() -> None:
            while not stop.is_set():
                try:
                    connection, _ = listener.accept()
                except socket.timeout:
                    continue
                with connection:
                    behaviour(connection, stop)

        threads.append(threading.Thread(target=accept))
        threads[-1].start()
        port: int = listener.getsockname()[1]
        return port

    yield start
    stop.set()
    for thread in threads:
        thread.join()
    for listener in listeners:
        listener.close()


def hang(connection: socket.socket, stop: threading.Event) -> None:
    stop.wait()


def hang_up(connection: socket.socket, stop: threading.Event) -> None:
    connection.recv(65536)


def garbage(connection: socket.socket, stop: threading.Event) -> None:
    connection.recv(65536)
    connection.sendall(b"\x00\x01not a protocol\r\n\r\n" * 4)


def answer(status: str, body: bytes, content_type: str = "text/plain") -> Behaviour:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"

    def behaviour(connection: socket.socket, stop: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(f"{head}Connection: close\r\n\r\n".encode() + body)

    return behaviour


def trickle(connection: socket.socket, stop: threading.Event) -> None:
    """One byte at a time, each well within a timeout that only guards single reads."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while not stop.wait(0.1):
        try:
            connection.sendall(b" ")
        except OSError:
            return
