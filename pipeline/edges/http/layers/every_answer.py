# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What every answer has: its caller's request id, and 500 where a route failed as nobody foresaw.

An inner layer, so that such an answer is counted and has its headers like any other. A route that
sets the id itself, such as one that the service made, keeps what it set.
"""

from __future__ import annotations

from typing import Any

from contract.errors import InvalidField, RankingError, ServiceError
from contract.wire.values import check_request_id
from pipeline.edges.answer import Answer
from pipeline.edges.http.headers import REQUEST_ID_HEADER
from pipeline.edges.http.layers.body_budget import SCOPE_KEY
from pipeline.telemetry.failures import log_failure

_NAME = REQUEST_ID_HEADER.encode("ascii")


class EveryAnswer:
    """The layer; it lies within the one that bounds bodies."""

    def __init__(self, app: Any) -> None:
        """Bind the app inside."""
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Run one request."""
        request_id = _id_of(scope)
        sending = _with_id(send, request_id) if request_id else send
        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            log_failure("a request", error)
            if not scope[SCOPE_KEY].answered:
                await send_error(sending, ServiceError("the service failed; its log says why"))


def _with_id(send: Any, request_id: bytes) -> Any:
    async def send_with_id(message: Any) -> None:
        if message["type"] == "http.response.start":
            headers = message.setdefault("headers", [])
            if all(name.lower() != _NAME for name, _ in headers):
                # a new list: the response keeps its own
                message = {**message, "headers": [*headers, (_NAME, request_id)]}
        await send(message)

    return send_with_id


def _id_of(scope: Any) -> bytes:
    """The caller's id; empty where there is none, or one that is not acceptable."""
    for name, value in scope["headers"]:
        if name == _NAME:
            try:
                check_request_id(value.decode("latin-1"))
            except InvalidField:
                return b""
            return bytes(value)
    return b""


async def send_error(send: Any, error: RankingError) -> None:
    """Answer with an error before or behind all routes, in the gateway's five fields."""
    body = Answer.of_error(error).to_json()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode("ascii")),
    ]
    await send({"type": "http.response.start", "status": error.http_status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
