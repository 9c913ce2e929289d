# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The routes of the HTTP edge.

Answers of these have the gateway's five fields, but for the last two lines:

POST /<service>/prediction    rank
POST /feedback                clicks and grades of an answer
GET  /health                  200 while the process runs
GET  /ready                   200 while it takes requests, else 503
GET  /metrics                 counts, as Prometheus reads them
GET  /openapi.json, /docs     every route, for programs and for people

Those of pipeline.http_edge.rerank, .open_inference, .information, .assignments and .traffic have
shapes of their own; .page serves the page at / .
"""

from __future__ import annotations

import json
import math
from concurrent.futures import ThreadPoolExecutor

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect

from contract.errors import (
    MalformedRequest,
    OverLimit,
    RankingError,
    ServiceError,
    ShuttingDown,
    Unauthorized,
    UnknownService,
)
from pipeline.config import LimitsConfig
from pipeline.exchange import Answer, Ask, Done, Reading
from pipeline.front_door import FEEDBACK_SERVICE, RANKER_HEADER, FrontDoor
from pipeline.http_edge.assignments import add_assignments
from pipeline.http_edge.bodies import BodyBounds, BodyTimeout, Budget
from pipeline.http_edge.body import dump_answer, read_body, read_feedback
from pipeline.http_edge.failures import Failures
from pipeline.http_edge.information import add_information
from pipeline.http_edge.keys import Keys
from pipeline.http_edge.models import Models
from pipeline.http_edge.open_inference import add_open_inference
from pipeline.http_edge.openapi import ranking, state
from pipeline.http_edge.openapi.document import add_documentation
from pipeline.http_edge.page import add_page
from pipeline.http_edge.problems import dump
from pipeline.http_edge.receive import REQUEST_ID_HEADER, BodyTooLarge, Refusal, receive
from pipeline.http_edge.request_ids import EchoRequestId
from pipeline.http_edge.rerank import ROUTE_HEADERS, add_rerank_routes
from pipeline.http_edge.settings import HttpConfig
from pipeline.http_edge.tensors import LENGTH_HEADER
from pipeline.http_edge.traffic import add_traffic
from pipeline.http_edge.work import Work, off_loop
from pipeline.metrics import CONTENT_TYPE, Metrics
from pipeline.readiness import Readiness, State
from pipeline.version import VERSION

METHOD = "prediction"
_RETRY_STATUSES = (429, 503)


def build_app(
    front_door: FrontDoor,
    readiness: Readiness,
    metrics: Metrics,
    pool: ThreadPoolExecutor,
    models: Models,
    limits: LimitsConfig,
    http: HttpConfig,
) -> FastAPI:
    """Bind the routes.

    Args:
        front_door: answers.
        readiness: says whether requests are taken.
        metrics: of this process.
        pool: one thread for every request that may be in flight; ranking blocks its thread.
        models: what can be asked by name.
        limits: of requests.
        http: keys and origins.
    """
    max_body_bytes = limits.max_body_bytes
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    work = Work(front_door, pool, Keys(http))
    budget = Budget(limits.body_bytes_in_flight, limits.body_timeout_s)
    # the last one added is the outermost
    app.add_middleware(Failures)
    app.add_middleware(EchoRequestId)
    if http.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=http.cors_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["*"],
            expose_headers=[REQUEST_ID_HEADER, *ROUTE_HEADERS, "retry-after", LENGTH_HEADER],
        )
    app.add_middleware(BodyBounds, budget=budget, metrics=metrics)
    add_rerank_routes(app, work, models, max_body_bytes)
    add_open_inference(app, work, models, readiness, max_body_bytes)
    add_information(app, models, limits)
    add_assignments(app, work, models.router, limits)
    add_traffic(app, work, models, readiness, metrics)
    add_page(app)
    add_documentation(app, VERSION)

    @app.get("/health", openapi_extra=state.health())
    async def health() -> Response:
        return answer_response(Answer())

    @app.get("/ready", openapi_extra=state.ready())
    async def ready() -> Response:
        return ready_response(readiness.state())

    @app.get("/metrics", openapi_extra=state.metrics())
    async def text() -> Response:
        return Response(metrics.text(), media_type=CONTENT_TYPE)

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

        return await work.run(request, Ask(service, read, ranker=header), _respond)

    app.add_exception_handler(BodyTooLarge, _on_large_body)
    app.add_exception_handler(RankingError, _on_ranking_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(ClientDisconnect, _on_disconnect)
    return app


async def _keep_feedback(front_door: FrontDoor, body: bytes) -> Response:
    answer = await off_loop(
        body, lambda: front_door.feedback(lambda: read_feedback(body, front_door))
    )
    return answer_response(answer)


def _respond(done: Done) -> Response:
    response = answer_response(Answer.of_outcome(done.outcome, done.request_id))
    if isinstance(done.outcome.result, OverLimit):
        response.headers["Retry-After"] = str(math.ceil(done.outcome.result.retry_after_s))
    if done.request_id:
        response.headers[REQUEST_ID_HEADER] = done.request_id
    return response


def ready_response(state: State) -> Response:
    """The five fields, and beside them what the answer rests on."""
    answer = Answer() if state.ready else Answer.of_error(ShuttingDown(state.reason))
    fields = json.loads(dump_answer(answer))
    return json_response(
        dump({**fields, "service": state.service, "rankers": state.rankers}), answer.http_status
    )


def answer_response(answer: Answer) -> Response:
    """An answer with its status."""
    return json_response(dump_answer(answer), answer.http_status)


def json_response(content: bytes, status: int) -> Response:
    """JSON with a status; a caller refused for now is told when to come back."""
    headers = {"Retry-After": "1"} if status in _RETRY_STATUSES else None
    return Response(content, status, headers, media_type="application/json")


async def _on_large_body(_: Request, error: Exception) -> Response:
    assert isinstance(error, BodyTooLarge)
    return Refusal(dump_answer(Answer.of_error(error)), error.http_status)


async def _on_ranking_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, RankingError)
    response = answer_response(Answer.of_error(error))
    if isinstance(error, OverLimit):
        response.headers["Retry-After"] = str(math.ceil(error.retry_after_s))
    if isinstance(error, Unauthorized):
        response.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, BodyTimeout):
        response.headers["Connection"] = "close"
    return response


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
