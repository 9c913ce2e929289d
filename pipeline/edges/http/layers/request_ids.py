# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Gives every answer the caller's request id in a header, refusals too.

Wraps the application; a route that sets the header itself, such as with an id that the service
made, keeps what it set.
"""

from __future__ import annotations

from typing import Any

from contract.errors import InvalidField
from contract.wire_values import check_request_id
from pipeline.edges.http.headers import REQUEST_ID_HEADER

_NAME = REQUEST_ID_HEADER.encode("ascii")


class EchoRequestId:
    """ASGI middleware; adds nothing where the request has no id, or one that is not acceptable."""

    def __init__(self, app: Any) -> None:
        """Bind the application inside."""
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Run one request."""
        request_id = _id_of(scope) if scope["type"] == "http" else b""
        if not request_id:
            await self._app(scope, receive, send)
            return

        async def send_with_id(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = message.setdefault("headers", [])
                if all(name.lower() != _NAME for name, _ in headers):
                    # a new list: the response keeps its own
                    message = {**message, "headers": [*headers, (_NAME, request_id)]}
            await send(message)

        await self._app(scope, receive, send_with_id)


def _id_of(scope: Any) -> bytes:
    for name, value in scope["headers"]:
        if name == _NAME:
            try:
                check_request_id(value.decode("latin-1"))
            except InvalidField:
                return b""
            return bytes(value)
    return b""
