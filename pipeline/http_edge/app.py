# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The routes of the HTTP edge. Every answer but /metrics has the gateway's five fields.

POST /<service>/prediction    rank
POST /feedback                clicks and grades of an answer
GET  /health                  200 while the process runs
GET  /ready                   200 while it takes requests, else 503
GET  /metrics                 counts, as Prometheus reads them
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from contract.errors import (
    MalformedRequest,
    RankingError,
    RequestTooLarge,
    ServiceError,
    ShuttingDown,
    UnknownService,
)
from pipeline.exchange import Answer, Ask
from pipeline.front_door import FEEDBACK_SERVICE, RANKER_HEADER, FrontDoor
from pipeline.gate import Gate
from pipeline.http_edge.body import dump_answer, read_body, read_feedback
from pipeline.metrics import CONTENT_TYPE, Metrics

METHOD = "prediction"
_RETRY_STATUSES = (429, 503)
# a client that is still sending reads no answer; it is let send so much more, unkept
_DISCARD_BYTES = 64 * 1024 * 1024


def build_app(
    front_door: FrontDoor,
    gate: Gate,
    metrics: Metrics,
    pool: ThreadPoolExecutor,
    max_body_bytes: int,
) -> FastAPI:
    """Bind the routes.

    Args:
        front_door: answers.
        gate: says whether requests are taken.
        metrics: of this process.
        pool: one thread for every request that may be in flight; ranking blocks its thread.
        max_body_bytes: of one request.
    """
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @app.get("/health")
    async def health() -> Response:
        return answer_response(Answer())

    @app.get("/ready")
    async def ready() -> Response:
        closed = gate.closed
        return answer_response(
            Answer() if closed is None else Answer.of_error(ShuttingDown(closed))
        )

    @app.get("/metrics")
    async def text() -> Response:
        return Response(metrics.text(), media_type=CONTENT_TYPE)

    @app.post("/feedback")
    async def feedback(request: Request) -> Response:
        body = await _receive(request, max_body_bytes)
        return answer_response(front_door.feedback(lambda: read_feedback(body, front_door)))

    @app.post("/{service}/{method}")
    async def predict(service: str, method: str, request: Request) -> Response:
        body = await _receive(request, max_body_bytes)
        if method != METHOD:
            raise UnknownService(f"no method {method!r}; POST /{service}/{METHOD}")
        if service == FEEDBACK_SERVICE:
            return answer_response(front_door.feedback(lambda: read_feedback(body, front_door)))
        header = request.headers.get(RANKER_HEADER, "")
        front_door.enter()
        try:
            work = asyncio.get_running_loop().run_in_executor(
                pool, _answer, front_door, service, method, body, header
            )
        except BaseException:
            front_door.leave()
            raise
        status, content = await work
        return json_response(content, status)

    app.add_exception_handler(_BodyTooLarge, _on_large_body)
    app.add_exception_handler(RankingError, _on_ranking_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(ClientDisconnect, _on_disconnect)
    app.add_exception_handler(Exception, _on_failure)
    return app


class _BodyTooLarge(RequestTooLarge):
    """Found before the body has been read."""


def _answer(
    front_door: FrontDoor, service: str, method: str, body: bytes, header: str
) -> tuple[int, bytes]:
    ask = Ask(service, lambda: read_body(body, front_door, service, method), ranker=header)
    answer = front_door.answer(ask)
    return answer.http_status, dump_answer(answer)


async def _receive(request: Request, limit: int) -> bytes:
    """The body; never holds more of it than the limit."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > limit:
        raise _BodyTooLarge(f"more than {limit} bytes", field="body")
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise _BodyTooLarge(f"more than {limit} bytes", field="body")
        chunks.append(chunk)
    return b"".join(chunks)


def answer_response(answer: Answer) -> Response:
    """An answer with its status."""
    return json_response(dump_answer(answer), answer.http_status)


def json_response(content: bytes, status: int) -> Response:
    """JSON with a status; a caller refused for now is told when to come back."""
    headers = {"Retry-After": "1"} if status in _RETRY_STATUSES else None
    return Response(content, status, headers, media_type="application/json")


class _Refusal(Response):
    """Answers before the body has been read, and throws the rest of the body away."""

    media_type = "application/json"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send all of the answer, and end it only when the client has stopped sending."""
        self.headers["Connection"] = "close"
        await send(
            {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        )
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        discarded = 0
        while discarded < _DISCARD_BYTES:
            message = await receive()
            if message["type"] == "http.disconnect" or not message.get("more_body"):
                break
            discarded += len(message.get("body", b""))
        await send({"type": "http.response.body", "body": b""})


async def _on_large_body(_: Request, error: Exception) -> Response:
    assert isinstance(error, _BodyTooLarge)
    return _Refusal(dump_answer(Answer.of_error(error)), error.http_status)


async def _on_ranking_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, RankingError)
    return answer_response(Answer.of_error(error))


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return answer_response(
            Answer.of_error(UnknownService(f"no such path; POST /<service>/{METHOD}"))
        )
    if error.status_code == 405:
        message = f"{request.method} is not allowed here; POST /<service>/{METHOD}"
        answer = Answer.of_error(MalformedRequest(message, field="method"))
        response = json_response(dump_answer(answer), 405)
        response.headers.update(error.headers or {})
        return response
    return json_response(
        dump_answer(Answer.of_error(ServiceError("HTTP error"))), error.status_code
    )


async def _on_disconnect(_: Request, __: Exception) -> Response:
    return Response(status_code=499)


async def _on_failure(_: Request, __: Exception) -> Response:
    return answer_response(Answer.of_error(ServiceError("the service failed; its log says why")))
