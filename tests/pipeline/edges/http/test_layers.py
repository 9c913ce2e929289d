# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The layers around the HTTP app: unexpected failures, and bodies that turn out too long."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.edges.http.errors import error_response
from pipeline.edges.http.layers.body_budget import BodyBounds, BodyTooLarge, Budget
from pipeline.edges.http.layers.every_answer import EveryAnswer
from pipeline.edges.http.runner import body_of
from pipeline.telemetry.metrics import Metrics

TEXT = "牙结石"


def run(work: Any) -> Any:
    """In a thread of its own: a browser of other tests may have a loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.new_event_loop().run_until_complete(work)).result()


async def _within(work: Any) -> None:
    await asyncio.wait_for(work, 30.0)


def test_an_unforeseen_failure_is_answered_counted_and_not_quoted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    metrics = Metrics()

    async def fails(_: Request) -> Response:
        raise KeyError(TEXT)

    bounds = Middleware(BodyBounds, budget=Budget(1000, 5.0), metrics=metrics)
    layers = [bounds, Middleware(EveryAnswer)]
    app = Starlette(routes=[Route("/fails", fails)], middleware=layers)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get("/fails", headers={"x-request-id": "mine"})

    with caplog.at_level(logging.ERROR):
        response = run(ask())
    assert (response.status_code, response.json()["err_no"]) == (500, 10000)
    assert response.headers["x-request-id"] == "mine"
    assert 'ranking_http_responses_total{status="500"} 1.0' in metrics.text().decode()
    assert "KeyError" in caplog.text and TEXT not in caplog.text


def test_a_body_that_is_too_large_by_its_last_bytes_is_answered_and_ends() -> None:
    async def read(request: Request) -> Response:
        try:
            await body_of(request).whole(10)
        except BodyTooLarge as error:
            return error_response(error, b"{}")
        return Response()

    bounds = Middleware(BodyBounds, budget=Budget(1000, 5.0), metrics=Metrics())
    app = Starlette(routes=[Route("/", read, methods=["POST"])], middleware=[bounds])
    sent: list[Any] = []

    async def whole() -> Any:
        if sent:
            await asyncio.sleep(3600)
        return {"type": "http.request", "body": b"x" * 20, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "path": "/", "raw_path": b"/",
        "query_string": b"", "root_path": "", "scheme": "http",
        "headers": [(b"transfer-encoding", b"chunked")],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2),
    }  # fmt: skip
    run(_within(app(scope, whole, send)))
    assert sent[0]["status"] == 413
    assert sent[-1] == {"type": "http.response.body", "body": b"{}"}
