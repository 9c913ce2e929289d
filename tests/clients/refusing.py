# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A small HTTP server that answers each request as it was told: refusals, and then an answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Optional

GOOD = {
    "err_no": 0, "err_msg": "",
    "key": ["predict", "results", "ranker", "bundle", "request_id", "usage", "timings_ms"],
    "value": [
        "[0.5]", '[{"index": 0, "score": 0.5}]', "cross_encoder", "v1", "r-1",
        '{"tokens": 3, "truncated": []}', "{}",
    ],
}  # fmt: skip
BUSY = {"err_no": 51, "err_msg": "the queue is full", "key": [], "value": []}
LEAVING = {"err_no": 3001, "err_msg": "stopping", "key": [], "value": []}


@dataclass
class Step:
    """One answer; a status of 0 closes the connection instead."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Refusing:
    """The server's address, what it was sent, and on how many connections."""

    url: str = ""
    connections: int = 0
    seen: list[dict[str, str]] = field(default_factory=list)


@contextmanager
def refusing(steps: Sequence[Step], idle_s: Optional[float] = None) -> Iterator[Refusing]:
    """Answers one request with each step, and with the last from then on.

    Closes a connection that is idle for ``idle_s``.
    """
    told = Refusing()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = idle_s

        def setup(self) -> None:
            super().setup()
            with lock:
                told.connections += 1

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", "0")))
            with lock:
                step = steps[min(len(told.seen), len(steps) - 1)]
                told.seen.append({k.lower(): v for k, v in self.headers.items()})
            if step.status == 0:
                self.close_connection = True
                return
            body = json.dumps(step.body).encode()
            self.send_response(step.status)
            for name, value in {**step.headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST  # noqa: N815 (http.server looks for it)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
