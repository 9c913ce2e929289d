# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What no route foresaw: logged by its place in the code, and answered with 500.

The innermost ASGI layer, so that such an answer is counted and has its headers like any other.
"""

from __future__ import annotations

import logging
from traceback import format_tb
from typing import Any

from contract.errors import ServiceError
from pipeline.edges.http.json_body import dump_answer
from pipeline.request.exchange import Answer

_LOGGER = logging.getLogger(__name__)


class Failures:
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
            # without its message: that may quote the request
            place = "".join(format_tb(error.__traceback__))
            _LOGGER.error("a request failed with %s at\n%s", type(error).__name__, place)
            if not started:
                await _answer(send)


async def _answer(send: Any) -> None:
    body = dump_answer(Answer.of_error(ServiceError("the service failed; its log says why")))
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode("ascii")),
    ]
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": body})
