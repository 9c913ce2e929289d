# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Paths whose answers have the five fields of Paddle Serving's gateway, and all errors of theirs.

POST /<service>/prediction    rank
POST /feedback                clicks and grades of an answer
GET  /health                  200 while the process runs, 503 when a batch hangs
GET  /ready                   200 while it takes requests, else 503
"""

from __future__ import annotations

import json
from typing import Any, Callable, Optional

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from contract.errors import (
    MalformedRequest,
    RankingError,
    ServiceError,
    ShuttingDown,
    UnknownService,
)
from contract.wire.request import Limits
from pipeline.door.readiness import Readiness, State
from pipeline.door.services import FEEDBACK_SERVICE, RANKER_HEADER, Services
from pipeline.edges.answer import Answer
from pipeline.edges.feedback import FeedbackDesk
from pipeline.edges.http.described_route import get, post
from pipeline.edges.http.errors import dump, error_response, respond
from pipeline.edges.http.openapi import ranking, state
from pipeline.edges.http.routes.gateway_bodies import read_call, read_feedback_body
from pipeline.edges.http.runner import Runner, body_of, off_loop
from pipeline.request.call import Arrival, Call
from pipeline.request.outcome import Outcome

METHOD = "prediction"


class _Prediction:
    """One request to rank, see :class:`pipeline.edges.http.runner.RouteCall`."""

    def __init__(self, services: Services, limits: Limits, body: bytes, ranker: str) -> None:
        self._services = services
        self._limits = limits
        self._body = body
        self._ranker = ranker

    def read(self, arrival: Arrival) -> Call:
        """See RouteCall."""
        self._services.check(arrival.service)
        # which may be large, and is not needed while the request waits and is ranked
        body, self._body = self._body, b""
        return read_call(body, arrival, self._limits, METHOD, self._ranker)

    def write(self, outcome: Outcome, call: Optional[Call]) -> Response:
        """See RouteCall."""
        request_id = call.request.request_id if call is not None else ""
        content = Answer.of_outcome(outcome, request_id).to_json()
        if isinstance(outcome.result, RankingError):
            return error_response(outcome.result, content, request_id)
        return respond(content, 200, request_id)


def gateway_routes(
    runner: Runner, services: Services, desk: FeedbackDesk, readiness: Readiness
) -> list[BaseRoute]:
    """The routes; ``/{service}/{method}`` is the last, since it takes any two words."""

    async def health(_: Request) -> Response:
        hanging = readiness.hanging()
        return _response(Answer.of_error(ShuttingDown(hanging)) if hanging else Answer())

    async def ready(_: Request) -> Response:
        return _ready_response(readiness.state())

    async def keep_feedback(body: bytes) -> Response:
        limits = runner.limits
        answer = await off_loop(body, lambda: desk.take(lambda: read_feedback_body(body, limits)))
        return _response(answer)

    async def feedback(request: Request) -> Response:
        runner.count(request)
        return await keep_feedback(await body_of(request).whole(runner.max_body_bytes))

    async def predict(request: Request) -> Response:
        caller = runner.look(request)
        body = await caller.body.whole(runner.max_body_bytes)
        service, method = request.path_params["service"], request.path_params["method"]
        if method != METHOD:
            raise UnknownService(f"no method {method!r}; POST /{service}/{METHOD}")
        if service == FEEDBACK_SERVICE:
            return await keep_feedback(body)
        ranker = request.headers.get(RANKER_HEADER, "")
        prediction = _Prediction(services, runner.limits, body, ranker)
        del body
        return await runner.run(request, service, caller, prediction)

    return [
        get("/health", health, state.health()),
        get("/ready", ready, state.ready()),
        post("/feedback", feedback, ranking.feedback()),
        post("/{service}/{method}", predict, ranking.prediction(services.names, METHOD)),
    ]


def _ready_response(state: State) -> Response:
    """The five fields, and beside them what the answer rests on."""
    answer = Answer() if state.ready else Answer.of_error(ShuttingDown(state.reason))
    fields = json.loads(answer.to_json())
    return respond(
        dump({**fields, "service": state.service, "rankers": state.rankers}), answer.http_status
    )


def _response(answer: Answer) -> Response:
    return respond(answer.to_json(), answer.http_status)


async def _on_ranking_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, RankingError)
    return error_response(error, Answer.of_error(error).to_json())


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return _response(Answer.of_error(UnknownService(f"no such path; POST /<service>/{METHOD}")))
    if error.status_code == 405:
        message = f"{request.method} is not allowed here; POST /<service>/{METHOD}"
        answer = Answer.of_error(MalformedRequest(message, field="method"))
        response = respond(answer.to_json(), 405)
        allowed = (error.headers or {}).get("Allow", "").split(", ")
        response.headers["Allow"] = ", ".join(sorted(allowed))
        return response
    return respond(Answer.of_error(ServiceError("HTTP error")).to_json(), error.status_code)


async def _on_disconnect(_: Request, __: Exception) -> Response:
    return Response(status_code=499)


# what answers errors that no route has answered
ERROR_HANDLERS: dict[Any, Callable[[Request, Exception], Any]] = {
    RankingError: _on_ranking_error,
    HTTPException: _on_http_exception,
    ClientDisconnect: _on_disconnect,
}
