# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A real HTTP server with the service's paths and bodies, for the tests of what calls it.

It ranks by the grade that a document's text ends in: variant ``good`` best first, ``bad`` worst
first. Units with an even number get ``good``.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, Optional

Body = dict[str, Any]


@dataclass
class StandIn:
    """What the server got, and how it behaves.

    Attributes:
        delay_s: before every answer to a ranking request.
        misbehave: takes a ranking request and returns raw bytes to answer instead, or None.
        teams: interleave: places belong to good and bad in turns.
        url: of the server.
        ranked: bodies of ranking requests, in order of arrival.
        feedback: bodies of feedback.
        refuse_feedback: answer it with an error.
    """

    delay_s: float = 0.0
    misbehave: Callable[[Body], Optional[bytes]] = lambda body: None
    teams: bool = False
    refuse_feedback: bool = False
    url: str = ""
    ranked: list[Body] = field(default_factory=list)
    feedback: list[Body] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, path: str, body: Body) -> bytes:
        if path == "/feedback":
            self.feedback.append(body)
            if self.refuse_feedback:
                return gateway({}, 5000, "this service keeps no feedback")
            return gateway({"request_id": body["request_id"]})
        assert path in ("/ranker/prediction", "/v1/rerank"), path
        with self.lock:
            self.ranked.append(body)
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
        time.sleep(self.delay_s)
        with self.lock:
            self.in_flight -= 1
        special = self.misbehave(body)
        if path == "/v1/rerank" and special is None:
            return json.dumps(self.rerank(body)).encode()
        return gateway(self.rank(body)) if special is None else special

    def rerank(self, body: Body) -> Body:
        """By the grade that a text ends in, in Cohere's shape."""
        assert body["raw_scores"] is True
        grades = [int(document[-1]) for document in body["documents"]]
        order = sorted(range(len(grades)), key=lambda i: -grades[i])
        return {
            "results": [{"index": i, "relevance_score": grades[i] - 5.0} for i in order],
            "bundle": "b1",
            "timings_ms": {"tokenize": 0.01, "queue": 0.0, "compute": 0.01 * len(grades)},
        }

    def rank(self, body: Body) -> dict[str, str]:
        grades = [int(document[-1]) for document in body["documents"]]
        if body.get("ranker") == "both":
            one = {"bundle": "b1", "scores": [g / 9 for g in grades], "order": []}
            two = {"bundle": "b2", "scores": [1 - g / 9 for g in grades], "order": []}
            return {"rankings": json.dumps({"good": one, "bad": two})}
        good = int(body["unit_id"].split("-")[1]) % 2 == 0
        order = sorted(range(len(grades)), key=lambda i: -grades[i] if good else grades[i])
        results: list[Body] = [{"index": i, "score": 0.5} for i in order]
        variant = "good" if good else "bad"
        if self.teams:
            variant = "interleaved"
            for place, result in enumerate(results):
                result["team"] = "bad" if place % 2 else "good"
        return {
            "predict": "[]",
            "results": json.dumps(results),
            "ranker": "pairwise",
            "bundle": "b1",
            "request_id": body["request_id"],
            "experiment": "trial",
            "variant": variant,
        }


def gateway(fields: dict[str, str], err_no: int = 0, err_msg: str = "") -> bytes:
    """The gateway's five fields."""
    answer = {"err_no": err_no, "err_msg": err_msg, "tensors": []}
    return json.dumps({**answer, "key": list(fields), "value": list(fields.values())}).encode()


@contextmanager
def serving(stand_in: StandIn) -> Iterator[StandIn]:
    """Serve it on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # without it, the body waits for the acknowledgement of the headers
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            content = stand_in.answer(self.path, body)
            if not content:  # hang up
                self.close_connection = True
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), Handler)
    stand_in.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield stand_in
    finally:
        server.shutdown()
        # connections that are kept end with their clients; nobody waits for them
        server.block_on_close = False
        server.server_close()
        thread.join()
