# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Paths whose answers have the five fields of Paddle Serving's gateway, and all errors of theirs.

POST /<service>/prediction    rank
POST /feedback                clicks and grades of an answer
GET  /health                  200 while the process runs
GET  /ready                   200 while it takes requests, else 503
"""

from __future__ import annotations

import json

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from contract.errors import (
    MalformedRequest,
    RankingError,
    ServiceError,
    ShuttingDown,
    UnknownService,
)
from pipeline.door.front_door import FEEDBACK_SERVICE, RANKER_HEADER, FrontDoor
from pipeline.door.readiness import Readiness, State
from pipeline.edges.http.errors import dump, error_response, respond
from pipeline.edges.http.headers import receive
from pipeline.edges.http.json_body import dump_answer, read_body, read_feedback
from pipeline.edges.http.openapi import ranking, state
from pipeline.edges.http.work import Work, off_loop
from pipeline.request.exchange import Answer, Ask, Done, Reading

METHOD = "prediction"


def add_gateway(app: FastAPI, work: Work, readiness: Readiness, max_body_bytes: int) -> None:
    """Bind the routes, and what answers errors that no route has answered; to be called last."""
    front_door = work.front_door

    @app.get("/health", openapi_extra=state.health())
    async def health() -> Response:
        return _response(Answer())

    @app.get("/ready", openapi_extra=state.ready())
    async def ready() -> Response:
        return _ready_response(readiness.state())

    @app.post("/feedback", openapi_extra=ranking.feedback())
    async def feedback(request: Request) -> Response:
        work.caller(request)
        body = await receive(request, max_body_bytes)
        return await _keep_feedback(front_door, body)

    @app.post("/{service}/{method}", openapi_extra=ranking.prediction(front_door.services, METHOD))
    async def predict(service: str, method: str, request: Request) -> Response:
        caller = work.admit(request)
        body = await receive(request, max_body_bytes)
        if method != METHOD:
            raise UnknownService(f"no method {method!r}; POST /{service}/{METHOD}")
        if service == FEEDBACK_SERVICE:
            return await _keep_feedback(front_door, body)
        header = request.headers.get(RANKER_HEADER, "")

        def read() -> Reading:
            reading = read_body(body, front_door, service, method)
            caller.take_documents(len(reading.request.pairs))
            return reading

        return await work.run(request, Ask(service, read, ranker=header), _done_response)

    app.add_exception_handler(RankingError, _on_ranking_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(ClientDisconnect, _on_disconnect)


async def _keep_feedback(front_door: FrontDoor, body: bytes) -> Response:
    answer = await off_loop(
        body, lambda: front_door.feedback(lambda: read_feedback(body, front_door))
    )
    return _response(answer)


def _done_response(done: Done) -> Response:
    content = dump_answer(Answer.of_outcome(done.outcome, done.request_id))
    if isinstance(done.outcome.result, RankingError):
        return error_response(done.outcome.result, content, done.request_id)
    return respond(content, 200, done.request_id)


def _ready_response(state: State) -> Response:
    """The five fields, and beside them what the answer rests on."""
    answer = Answer() if state.ready else Answer.of_error(ShuttingDown(state.reason))
    fields = json.loads(dump_answer(answer))
    return respond(
        dump({**fields, "service": state.service, "rankers": state.rankers}), answer.http_status
    )


def _response(answer: Answer) -> Response:
    return respond(dump_answer(answer), answer.http_status)


async def _on_ranking_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, RankingError)
    return error_response(error, dump_answer(Answer.of_error(error)))


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return _response(Answer.of_error(UnknownService(f"no such path; POST /<service>/{METHOD}")))
    if error.status_code == 405:
        message = f"{request.method} is not allowed here; POST /<service>/{METHOD}"
        answer = Answer.of_error(MalformedRequest(message, field="method"))
        response = respond(dump_answer(answer), 405)
        response.headers.update(error.headers or {})
        return response
    return respond(dump_answer(Answer.of_error(ServiceError("HTTP error"))), error.status_code)


async def _on_disconnect(_: Request, __: Exception) -> Response:
    return Response(status_code=499)
