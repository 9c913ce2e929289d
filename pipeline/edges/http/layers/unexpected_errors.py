# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Answers with 500 what no route foresaw, and logs where it arose.

The innermost ASGI layer, so that such an answer is counted and has its headers like any other.
"""

from __future__ import annotations

from typing import Any

from contract.errors import ServiceError
from pipeline.edges.answer import Answer
from pipeline.telemetry.failures import log_failure


class UnexpectedErrors:
    """The layer."""

    def __init__(self, app: Any) -> None:
        """Bind the app inside."""
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Run one request."""
        started = False

        async def noting(message: Any) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception as error:
            log_failure("a request", error)
            if not started:
                await _answer(send)


async def _answer(send: Any) -> None:
    body = Answer.of_error(ServiceError("the service failed; its log says why")).to_json()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode("ascii")),
    ]
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": body})
