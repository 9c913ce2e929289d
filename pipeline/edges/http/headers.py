# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A request's body and headers in, bounded and checked; and the refusal of a body too large."""

from __future__ import annotations

import time
from typing import Any, Optional

from fastapi import Request, Response

from contract.errors import InvalidField, RequestTooLarge
from contract.wire_values import check_request_id
from pipeline.edges.http.layers.body_budget import SCOPE_KEY

TIMEOUT_HEADER = "x-timeout-ms"
REQUEST_ID_HEADER = "x-request-id"
DRY_RUN_HEADER = "x-dry-run"
# a client that is still sending reads no answer; it is let send so much more, unkept
_DISCARD_BYTES = 64 * 1024 * 1024
_LONGEST_TIMEOUT_MS = 86_400_000.0


class BodyTooLarge(RequestTooLarge):
    """Found before the body has been read."""


async def receive(request: Request, limit: int) -> bytes:
    """The body; never holds more of it than the limit.

    Raises:
        BodyTooLarge: it is larger.
    """
    if request.scope[SCOPE_KEY].declared > limit:
        raise BodyTooLarge(f"more than {limit} bytes", field="body")
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise BodyTooLarge(f"more than {limit} bytes", field="body")
        chunks.append(chunk)
    return b"".join(chunks)


def deadline_of(request: Request) -> Optional[float]:
    """When the caller stops waiting, on time.monotonic's clock, by ``x-timeout-ms``.

    Raises:
        InvalidField: the header is no number of milliseconds.
    """
    text = request.headers.get(TIMEOUT_HEADER)
    if text is None:
        return None
    try:
        milliseconds = float(text)
    except ValueError:
        milliseconds = 0.0
    if not 0 < milliseconds <= _LONGEST_TIMEOUT_MS:
        raise InvalidField(
            f"must be milliseconds above 0 and at most {_LONGEST_TIMEOUT_MS:.0f}, got {text!r:.40}",
            field=TIMEOUT_HEADER,
        )
    return time.monotonic() + milliseconds / 1000.0


def request_id_of(request: Request) -> str:
    """The caller's, by ``x-request-id``, or empty.

    Raises:
        InvalidField: it is not printable.
    """
    try:
        return check_request_id(request.headers.get(REQUEST_ID_HEADER))
    except InvalidField as error:
        raise InvalidField(error.message, field=REQUEST_ID_HEADER) from error


def dry_run_of(request: Request) -> bool:
    """Whether experiments shall not hear of this request, by ``x-dry-run``.

    Raises:
        InvalidField: the header is neither ``true`` nor ``false``.
    """
    text = request.headers.get(DRY_RUN_HEADER, "false").lower()
    if text not in ("true", "false"):
        raise InvalidField(f"must be true or false, got {text!r:.40}", field=DRY_RUN_HEADER)
    return text == "true"


class Refusal(Response):
    """Answers before the body has been read, and throws the rest of the body away."""

    media_type = "application/json"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send all of the answer, and end it only when the client has stopped sending."""
        scope[SCOPE_KEY].discard()
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
